/** Proof that a session cookie was made by us, so that forged ones never reach Redis. */

import crypto from 'crypto'
import { macInput, type SessionCookie } from '../contract/session.ts'

/** Returns true if any of the secrets made the cookie's mac. */
export function isAuthentic(cookie: SessionCookie, secrets: readonly string[]): boolean {
  const input = macInput(cookie.uid, cookie.token)
  let authentic = false
  for (const secret of secrets) {
    const mac = crypto.createHmac('sha256', secret).update(input).digest('base64url')
    if (equalInConstantTime(mac, cookie.mac)) authentic = true
  }
  return authentic
}

/** Returns the session's name in Redis: SHA-256 of the token, hex. */
export function tokenHash(token: string): string {
  return crypto.createHash('sha256').update(token).digest('hex')
}

/**
 * njs has no timingSafeEqual. Both texts are of one known length, and every character is looked at
 * whatever the ones before it were.
 */
function equalInConstantTime(first: string, second: string): boolean {
  let difference = first.length ^ second.length
  for (let index = 0; index < first.length; index++) {
    difference |= first.charCodeAt(index) ^ second.charCodeAt(index)
  }
  return difference === 0
}
