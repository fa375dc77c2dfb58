/** What the answers about the person who asks hold. */

import { z } from 'zod'
import type * as Contract from '#contract/api.ts'
import { role } from './answer-values.ts'
import { idParam } from './ids.ts'

const person = { id: idParam, username: z.string(), role }

export const SignedIn = z
  .strictObject({
    user: z.strictObject(person),
    must_change: z.boolean().meta({
      description: 'True: until POST /api/me/password all else is refused.',
    }),
  })
  .meta({ id: 'SignedIn' }) satisfies z.ZodType<Contract.SignedIn>

export const Me = z
  .strictObject({
    ...person,
    timezone: z.string().meta({ description: 'IANA zone in which days and months begin.' }),
    notices: z
      .array(
        z.enum([
          'standin_upstream',
          'no_upstream_key',
          'default_admin_password',
          'default_mysql_password',
        ]),
      )
      .meta({ description: 'Things this person should know about.' }),
  })
  .meta({ id: 'Me' }) satisfies z.ZodType<Contract.Me>
