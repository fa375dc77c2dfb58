/** /api/tokens: a person's access tokens for programs; and what the gate asks about a token. */

import { Hono } from 'hono'
import { z } from 'zod'
import type * as Contract from '#contract/api.ts'
import { GATE_HEADERS } from '#contract/headers.ts'
import { formatRevocation } from '#contract/revocation.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { newAccessToken } from '../domain/access-token.ts'
import { Failure } from '../failure.ts'
import { type ListedToken, MAX_TOKENS } from '../stores/access-tokens.ts'
import { idParam } from './ids.ts'
import { parseQuery } from './json-body.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { wrongField } from './wrong-field.ts'

const DAY_MS = 86_400_000
const MAX_DAYS = 3650

const NewToken = z.strictObject({
  name: z.string().trim().min(1).max(64),
  expires_in_days: z.int().min(1).max(MAX_DAYS).exactOptional(),
})

const TokenQuery = z.strictObject({
  uid: z.string().regex(/^[1-9]\d{0,19}$/),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
})

const TokenView = z
  .strictObject({
    id: idParam,
    name: z.string(),
    last4: z.string().meta({ description: 'Last four characters of the token.' }),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime().nullable().meta({ description: 'Null: never.' }),
    last_used_at: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'Ten minutes exact; null: never.' }),
  })
  .meta({ id: 'AccessToken' }) satisfies z.ZodType<Contract.TokenView>

const listTokens = operation({
  id: 'listTokens',
  method: 'get',
  path: '/api/tokens',
  tag: 'Access tokens',
  summary: 'Lists the access tokens of whoever is signed in, expired ones too.',
  access: 'user',
  answers: {
    200: {
      description: 'The newest first.',
      schema: z.strictObject({ tokens: z.array(TokenView) }),
    },
  },
})

const makeToken = operation({
  id: 'makeToken',
  method: 'post',
  path: '/api/tokens',
  tag: 'Access tokens',
  summary: 'Makes an access token.',
  access: 'user',
  body: NewToken,
  answers: {
    201: {
      description: 'The only answer that holds the token itself.',
      schema: TokenView.extend({ token: z.string() }),
    },
  },
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

/** What POST, GET and DELETE /api/tokens are. */
export const TOKEN_OPERATIONS: readonly OperationSpec[] = [listTokens, makeToken, revokeToken]

export function tokenRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const { accessTokens, log } = deps

  serve(app, listTokens, async (c, { who }) => {
    const tokens = await accessTokens.list(who.uid)
    return c.json({ tokens: tokens.map(view) })
  })

  serve(app, makeToken, async (c, { who, body }) => {
    const { uid } = who
    const { name, expires_in_days: days } = body
    const { token, hash, last4 } = newAccessToken(uid, deps.env.tokenSecret)
    const createdAt = new Date(deps.now())
    const expiresAt = days === undefined ? null : new Date(deps.now() + days * DAY_MS)
    const id = await accessTokens.create({ uid, name, hash, last4, createdAt, expiresAt })
    if (id === undefined) throw wrongField(c, '', TOO_MANY)
    log.info({ requestId: c.var.requestId, uid, token: id }, 'access token made')
    const listed = { id, name, last4, createdAt, expiresAt, lastUsedAt: null }
    return c.json({ ...view(listed), token }, 201)
  })

  serve(app, revokeToken, async (c, { who, params }) => {
    const { uid } = who
    const { requestId } = c.var
    const { id } = params
    const hash = await accessTokens.revoke(uid, id)
    if (hash === undefined) throw new Failure('not_found')
    log.info({ requestId, uid, token: id }, 'access token revoked')
    c.header(GATE_HEADERS.revoke, formatRevocation({ kind: 'session', uid, session: hash }))
    try {
      await accessTokens.forget(uid, hash)
    } catch (err) {
      // It is in the outbox, and Redis learns of it as soon as it is back.
      log.warn({ requestId, uid, err }, 'access token not taken out of Redis yet')
    }
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

function view(token: ListedToken): Contract.TokenView {
  const { id, name, last4, createdAt, expiresAt, lastUsedAt } = token
  return {
    id,
    name,
    last4,
    created_at: createdAt.toISOString(),
    expires_at: expiresAt?.toISOString() ?? null,
    last_used_at: lastUsedAt?.toISOString() ?? null,
  }
}

const TOO_MANY = {
  en: `At most ${MAX_TOKENS} tokens at a time: revoke one first.`,
  'zh-CN': `最多同时拥有 ${MAX_TOKENS} 个令牌，请先撤销一个。`,
}
