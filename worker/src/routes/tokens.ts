/** /api/tokens: a person's access tokens for programs; and what the gate asks about a token. */

import { Hono } from 'hono'
import { z } from 'zod'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { newAccessToken } from '../domain/access-token.ts'
import { quotaOf } from '../domain/quota-terms.ts'
import { Failure } from '../failure.ts'
import { MAX_TOKENS } from '../stores/access-tokens.ts'
import { dropFromRedis, endToken } from '../token-end.ts'
import { idParam } from './ids.ts'
import { parseQuery } from './json-body.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { NewTokenBody, TokenChangeBody, TokenList, TokenView, tokenView } from './token-schema.ts'
import { wrongField } from './wrong-field.ts'

const DAY_MS = 86_400_000

const TokenQuery = z.strictObject({
  uid: z.string().regex(/^[1-9]\d{0,19}$/),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
})

const listTokens = operation({
  id: 'listTokens',
  method: 'get',
  path: '/api/tokens',
  tag: 'Access tokens',
  summary: 'Lists the access tokens of whoever is signed in, expired ones too.',
  access: 'user',
  answers: {
    200: { description: 'The newest first.', schema: TokenList },
  },
})

const makeToken = operation({
  id: 'makeToken',
  method: 'post',
  path: '/api/tokens',
  tag: 'Access tokens',
  summary: 'Makes an access token.',
  access: 'user',
  body: NewTokenBody,
  answers: {
    201: {
      description: 'The only answer that holds the token itself.',
      schema: TokenView.extend({ token: z.string() }),
    },
  },
})

const changeToken = operation({
  id: 'changeToken',
  method: 'patch',
  path: '/api/tokens/{id}',
  tag: 'Access tokens',
  summary: 'Changes what an access token is called or may do; what is not sent stays.',
  description:
    'It holds within two seconds, an own limit for somebody who is over one within a minute.',
  access: 'user',
  params: z.strictObject({ id: idParam }),
  body: TokenChangeBody,
  answers: { 200: { description: 'As it is now.', schema: TokenView } },
  problems: ['not_found', 'conflict'],
})

const revokeToken = operation({
  id: 'revokeToken',
  method: 'delete',
  path: '/api/tokens/{id}',
  tag: 'Access tokens',
  summary: 'Revokes an access token; every gate refuses it within two seconds.',
  access: 'user',
  params: z.strictObject({ id: idParam }),
  answers: { 204: { description: 'It is revoked.' } },
})

/** What people do about their tokens. */
export const TOKEN_OPERATIONS: readonly OperationSpec[] = [
  listTokens,
  makeToken,
  changeToken,
  revokeToken,
]

export function tokenRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const { accessTokens, log } = deps

  serve(app, listTokens, async (c, { who }) => {
    const tokens = await accessTokens.list(who.uid)
    return c.json({ tokens: tokens.map((token) => tokenView(who.uid, token)) })
  })

  serve(app, makeToken, async (c, { who, body }) => {
    const { uid } = who
    const { name, expires_in_days: days, models, limit: callLimit } = body
    const { token, hash, last4 } = newAccessToken(uid, deps.env.tokenSecret)
    const createdAt = new Date(deps.now())
    const expiresAt = days === undefined ? null : new Date(deps.now() + days * DAY_MS)
    const quotas = body.quotas.map(quotaOf)
    const made = { name, last4, createdAt, expiresAt, models, callLimit, quotas }
    const id = await accessTokens.create({ ...made, uid, hash })
    if (id === undefined) throw wrongField(c, '', TOO_MANY)
    if (quotas.length > 0) deps.quotaBook.outdate()
    log.info({ requestId: c.var.requestId, uid, token: id }, 'access token made')
    const view = tokenView(uid, { ...made, id, version: 1, lastUsedAt: null })
    return c.json({ ...view, token }, 201)
  })

  serve(app, changeToken, async (c, { who, params, body }) => {
    const { uid } = who
    const { id } = params
    const { version, limit, quotas, ...plain } = body
    const changed = await accessTokens.change(uid, id, version, {
      ...plain,
      ...(limit !== undefined && { callLimit: limit }),
      ...(quotas !== undefined && { quotas: quotas.map(quotaOf) }),
    })
    if (changed === undefined) throw new Failure('not_found')
    deps.quotaBook.outdate()
    deps.tokenTerms.forget(id)
    log.info({ requestId: c.var.requestId, uid, token: id }, 'access token changed')
    if (changed.outdated !== undefined) await dropFromRedis(deps, c, uid, changed.outdated)
    return c.json(tokenView(uid, changed.token))
  })

  serve(app, revokeToken, async (c, { who: { uid }, params: { id } }) => {
    await endToken(deps, c, uid, id)
    log.info({ requestId: c.var.requestId, uid, token: id }, 'access token revoked')
    return c.body(null, 204)
  })

  /** Asked by the gate itself about a token that Redis does not know; nginx leads nobody else here. */
  app.get('/internal/token', async (c) => {
    const { uid, hash } = parseQuery(c, TokenQuery)
    const isGood = await accessTokens.load(uid, hash, new Date(deps.now()))
    if (!isGood) throw new Failure('not_found')
    return c.body(null, 204)
  })

  return app
}

const TOO_MANY = {
  en: `At most ${MAX_TOKENS} tokens at a time: revoke one first.`,
  'zh-CN': `最多同时拥有 ${MAX_TOKENS} 个令牌，请先撤销一个。`,
}
