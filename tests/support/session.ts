/** The session that a client's cookie stands for. */

import { createHash } from 'node:crypto'
import { sessionKey } from '#contract/redis-keys.ts'
import { parseSessionCookie, type SessionCookie } from '#contract/session.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { Client } from './client.ts'

export interface ClientSession extends SessionCookie {
  /** The cookie as it is sent. */
  readonly value: string
  /** SHA-256 (hex) of the token. */
  readonly hash: string
  /** The session's hash in Redis. */
  readonly key: string
}

/** Returns the client's session. @throws if it has none of the right form */
export function sessionOf(plan: Plan, client: Client): ClientSession {
  const value = client.cookies.get(plan.settings.cookieName) ?? ''
  const cookie = parseSessionCookie(value)
  if (cookie === undefined) throw new Error(`no session cookie: ${value}`)
  const hash = createHash('sha256').update(cookie.token).digest('hex')
  return { ...cookie, value, hash, key: sessionKey(cookie.uid, hash) }
}

/** Returns a client that sends `value` as its session cookie. */
export function bearing(plan: Plan, value: string): Client {
  const client = new Client(plan)
  client.cookies.set(plan.settings.cookieName, value)
  return client
}
