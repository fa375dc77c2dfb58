/** PATCH /api/me: what people choose for themselves. */

import { Hono } from 'hono'
import { z } from 'zod'
import type * as Contract from '#contract/usage.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { parseTimezone } from '../env-values.ts'
import { Failure } from '../failure.ts'
import { ownZone } from '../own-zone.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { wrongField } from './wrong-field.ts'

const Profile = z
  .strictObject({ timezone: z.string().meta({ description: 'IANA zone.' }) })
  .meta({ id: 'Profile' }) satisfies z.ZodType<Contract.Profile>

const changeProfile = operation({
  id: 'changeProfile',
  method: 'patch',
  path: '/api/me',
  tag: 'Account',
  summary: 'Chooses the zone in which one’s own days, weeks and months begin.',
  access: 'user',
  body: z.strictObject({
    timezone: z
      .string()
      // No offsets such as +08:00, which some versions take for zones.
      .regex(/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/)
      .max(64)
      .nullable()
      .meta({
        description: 'IANA zone; null: the one of the installation.',
        example: 'Europe/Berlin',
      }),
  }),
  answers: {
    200: { description: 'It applies from now on, also to what is past.', schema: Profile },
  },
})

export const PROFILE_OPERATIONS: readonly OperationSpec[] = [changeProfile]

export function profileRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()

  serve(app, changeProfile, async (c, { who, body }) => {
    const { timezone } = body
    if (timezone !== null && parseTimezone(timezone) === undefined) {
      throw wrongField(c, 'timezone', UNKNOWN)
    }
    if (!(await deps.profiles.setTimezone(who.uid, timezone))) throw new Failure('unauthenticated')
    const { name } = await ownZone(deps, who.uid)
    return c.json({ timezone: name } satisfies Contract.Profile)
  })

  return app
}

const UNKNOWN = { en: 'is no time zone that we know', 'zh-CN': '不是已知的时区' }
