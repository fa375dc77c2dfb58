/** GET /api/me: who is signed in and what they should know. */

import { Hono } from 'hono'
import type * as Contract from '#contract/api.ts'
import type { Notice } from '#contract/api.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { createDefaultPasswordCheck } from '../domain/default-password.ts'
import { DEFAULT_PASSWORD } from '../env.ts'
import { Failure } from '../failure.ts'
import { ownZone } from '../own-zone.ts'
import { Me } from './me-schema.ts'
import { type OperationSpec, operation, serve } from './operation.ts'

const getMe = operation({
  id: 'getMe',
  method: 'get',
  path: '/api/me',
  tag: 'Account',
  summary: 'Tells who is signed in, and what they should know.',
  access: 'user',
  answers: { 200: { description: 'The person.', schema: Me } },
})

export const ME_OPERATIONS: readonly OperationSpec[] = [getMe]

export function meRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const hasDefaultPassword = createDefaultPasswordCheck(
    deps.users,
    deps.argon,
    deps.env.admin.username,
  )

  serve(app, getMe, async (c, { who }) => {
    const user = await deps.users.findById(who.uid)
    if (user === undefined) throw new Failure('unauthenticated')
    const { id, username, role } = user
    const notices = [...(await upstreamNotices()), ...(role === 'admin' ? await nags() : [])]
    const { name: timezone } = await ownZone(deps, id)
    return c.json({ id, username, role, timezone, notices } satisfies Contract.Me)
  })

  async function upstreamNotices(): Promise<Notice[]> {
    const notice = await deps.keys.notice()
    return notice === undefined ? [] : [notice]
  }

  /** For admins, until they have changed what everybody can read in the manual. */
  async function nags(): Promise<Notice[]> {
    const notices: Notice[] = []
    if (await hasDefaultPassword()) notices.push('default_admin_password')
    if (deps.env.mysql.password === DEFAULT_PASSWORD) notices.push('default_mysql_password')
    return notices
  }

  return app
}
