/** /admin/api/users/{id}/quota: what a user may use. */

import { Hono } from 'hono'
import { z } from 'zod'
import type { AdminQuotaReport as Report } from '#contract/quota.ts'
import { auditOrigin } from '../audit-origin.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { quotaOf, quotasText } from '../domain/quota-terms.ts'
import { Failure } from '../failure.ts'
import { recordChange } from '../stores/audit.ts'
import type { SetQuotas } from '../stores/quota-settings.ts'
import { idParam } from './ids.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { AdminQuotaReport, quotaList } from './quota-schema.ts'

const TAG = 'Users'
const params = z.strictObject({ id: idParam })

const getQuota = operation({
  id: 'getUserQuota',
  method: 'get',
  path: '/admin/api/users/{id}/quota',
  tag: TAG,
  summary: "Tells what is used, reserved and left of a user's quotas.",
  access: 'admin',
  params,
  answers: { 200: { description: 'With the version for a change.', schema: AdminQuotaReport } },
  problems: ['not_found'],
})

const setQuota = operation({
  id: 'setUserQuota',
  method: 'put',
  path: '/admin/api/users/{id}/quota',
  tag: TAG,
  summary: "Sets a user's quotas in the place of what there was.",
  description: 'They hold within a few seconds, for calls that begin from then on.',
  access: 'admin',
  params,
  body: z.strictObject({ version: z.int().min(0), quotas: quotaList }),
  answers: { 200: { description: 'As they are now.', schema: AdminQuotaReport } },
  problems: ['not_found', 'conflict'],
})

/** What administrators do about a user's quotas. */
export const ADMIN_QUOTA_OPERATIONS: readonly OperationSpec[] = [getQuota, setQuota]

export function adminQuotaRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const { users, quotaSettings, quotaReports, quotaBook, log } = deps

  serve(app, getQuota, async (c, { params: { id } }) => {
    if ((await users.findById(id)) === undefined) throw new Failure('not_found')
    return c.json(await report(id, await quotaSettings.ofUser(id)))
  })

  serve(app, setQuota, async (c, { who, params: { id }, body }) => {
    const quotas = body.quotas.map(quotaOf)
    const origin = await auditOrigin(deps, c)
    const set = await quotaSettings.setForUser(id, body.version, quotas, (tx, before, after) =>
      recordChange(tx, {
        ...{ origin, action: 'user.quota', target: id },
        before: { quotas: quotasText(before.quotas) },
        after: { quotas: quotasText(after.quotas) },
      }),
    )
    if (set === undefined) throw new Failure('not_found')
    quotaBook.outdate()
    const { requestId } = c.var
    log.info({ requestId, uid: who.uid, user: id, quotas: body.quotas }, 'quotas changed')
    return c.json(await report(id, set))
  })

  async function report(uid: string, set: SetQuotas): Promise<Report> {
    const standing = await quotaReports.report(uid, { owner: 'u', ...set })
    return { ...standing, version: set.version }
  }

  return app
}
