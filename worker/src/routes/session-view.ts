/** A session as its owner and administrators see it. */

import { z } from 'zod'
import type * as Contract from '#contract/api.ts'
import type { LiveSession } from '../stores/sessions.ts'
import { time } from './answer-values.ts'

/** SHA-256 (hex) of the token: names the session and opens nothing. */
export const sessionIdParam = z.string().regex(/^[0-9a-f]{64}$/)

export const SessionView = z
  .strictObject({
    id: sessionIdParam.meta({ description: 'Names the session and opens nothing.' }),
    current: z.boolean().meta({ description: 'True for the session that asks.' }),
    created_at: time,
    last_seen_at: time.meta({ description: 'A minute exact.' }),
    ip: z.string(),
    user_agent: z.string(),
  })
  .meta({ id: 'Session' }) satisfies z.ZodType<Contract.SessionView>

/** @param current hash of the session that asks */
export function sessionView(session: LiveSession, current: string): Contract.SessionView {
  const { hash, created, last, ip, ua } = session
  return {
    id: hash,
    current: hash === current,
    created_at: new Date(created * 1000).toISOString(),
    last_seen_at: new Date(last * 1000).toISOString(),
    ip,
    user_agent: ua,
  }
}
