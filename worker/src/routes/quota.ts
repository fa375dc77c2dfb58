/** GET /api/me/quota and /api/tokens/{id}/quota: where one stands with one's quotas. */

import { Hono } from 'hono'
import { z } from 'zod'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { idParam } from './ids.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { QuotaReport } from './quota-schema.ts'

const TAG = 'Quotas'

const ownQuota = operation({
  id: 'getOwnQuota',
  method: 'get',
  path: '/api/me/quota',
  tag: TAG,
  summary: 'Tells what is used, reserved and left of the quotas of whoever is signed in.',
  access: 'user',
  answers: { 200: { description: 'None: nothing is bounded.', schema: QuotaReport } },
})

const tokenQuota = operation({
  id: 'getTokenQuota',
  method: 'get',
  path: '/api/tokens/{id}/quota',
  tag: TAG,
  summary: "Tells the same of an access token's own quotas.",
  access: 'user',
  params: z.strictObject({ id: idParam }),
  answers: { 200: { description: 'None: nothing is bounded.', schema: QuotaReport } },
  problems: ['not_found'],
})

/** What people ask about quotas. */
export const QUOTA_OPERATIONS: readonly OperationSpec[] = [ownQuota, tokenQuota]

export function quotaRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const { quotaSettings, quotaReports, accessTokens } = deps

  serve(app, ownQuota, async (c, { who: { uid } }) => {
    const set = await quotaSettings.ofUser(uid)
    return c.json(await quotaReports.report(uid, { owner: 'u', ...set }))
  })

  serve(app, tokenQuota, async (c, { who: { uid }, params: { id } }) => {
    const token = await accessTokens.find(uid, id)
    if (token === undefined) throw new Failure('not_found')
    return c.json(await quotaReports.report(uid, { owner: `t${id}`, ...token }))
  })

  return app
}
