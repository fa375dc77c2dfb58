/** /admin/api/users/{id}/tokens: somebody's access tokens, and ending one. */

import { Hono } from 'hono'
import { z } from 'zod'
import { auditOrigin } from '../audit-origin.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { endToken } from '../token-end.ts'
import { idParam } from './ids.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { TokenList, tokenView } from './token-schema.ts'

const TAG = 'Users'

const listUserTokens = operation({
  id: 'listUserTokens',
  method: 'get',
  path: '/admin/api/users/{id}/tokens',
  tag: TAG,
  summary: 'Lists the access tokens of a user, expired ones too.',
  access: 'admin',
  params: z.strictObject({ id: idParam }),
  answers: { 200: { description: 'The newest first.', schema: TokenList } },
  problems: ['not_found'],
})

const revokeUserToken = operation({
  id: 'revokeUserToken',
  method: 'delete',
  path: '/admin/api/users/{id}/tokens/{token}',
  tag: TAG,
  summary: 'Revokes an access token of a user; every gate refuses it within two seconds.',
  access: 'admin',
  params: z.strictObject({ id: idParam, token: idParam }),
  answers: { 204: { description: 'It is revoked.' } },
  problems: ['not_found'],
})

/** What administrators do about a user's tokens. */
export const ADMIN_TOKEN_OPERATIONS: readonly OperationSpec[] = [listUserTokens, revokeUserToken]

export function adminTokenRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const { accessTokens, users, log } = deps

  serve(app, listUserTokens, async (c, { params: { id } }) => {
    if ((await users.findById(id)) === undefined) throw new Failure('not_found')
    const tokens = await accessTokens.list(id)
    return c.json({ tokens: tokens.map((token) => tokenView(id, token)) })
  })

  serve(app, revokeUserToken, async (c, { who, params: { id, token } }) => {
    await endToken(deps, c, id, token, await auditOrigin(deps, c))
    const { requestId } = c.var
    log.info({ requestId, uid: who.uid, user: id, token }, 'access token revoked')
    return c.body(null, 204)
  })

  return app
}
