/** Making of session cookies. The gate checks them; this side only signs. */

import { createHash, createHmac, randomBytes } from 'node:crypto'
import { formatSessionCookie, macInput } from '#contract/session.ts'

const TOKEN_BYTES = 32

export interface NewSession {
  /** The cookie's value; the only place where the token itself appears. */
  readonly cookie: string
  /** SHA-256 (hex) of the token: the session's name in Redis and in the gate's headers. */
  readonly hash: string
}

/**
 * Returns a fresh session for a user, 256 bits from the system's random source.
 * @param secret the first of GATE_SESSION_SECRET
 */
export function newSession(uid: string, secret: string): NewSession {
  return sessionFor(uid, randomBytes(TOKEN_BYTES).toString('base64url'), secret)
}

/** Returns the session of a given token (43 characters of base64url). */
export function sessionFor(uid: string, token: string, secret: string): NewSession {
  const mac = createHmac('sha256', secret).update(macInput(uid, token)).digest('base64url')
  return {
    cookie: formatSessionCookie({ uid, token, mac }),
    hash: createHash('sha256').update(token).digest('hex'),
  }
}
