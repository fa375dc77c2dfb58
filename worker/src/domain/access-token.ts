/** Making of access tokens. The gate checks them; this side only signs. */

import { createHash, createHmac, randomBytes } from 'node:crypto'
import { formatAccessToken, TOKEN_MAC_DIGITS, tokenMacInput } from '#contract/access-token.ts'

const SECRET_BYTES = 20
const SHOWN_CHARACTERS = 4

export interface NewAccessToken {
  /** What its owner keeps; the only place where the secret itself appears. */
  readonly token: string
  /** SHA-256 (hex) of the secret: the token's name in MySQL, Redis and the gate's headers. */
  readonly hash: string
  /** End of the token, for people to tell theirs apart. */
  readonly last4: string
}

/**
 * Returns a fresh token for a user, 160 bits from the system's random source.
 * @param signingSecret the first of GATE_TOKEN_SECRET
 */
export function newAccessToken(uid: string, signingSecret: string): NewAccessToken {
  return accessTokenFor(uid, randomBytes(SECRET_BYTES).toString('hex'), signingSecret)
}

/** Returns the token of a given secret (40 hex digits). */
export function accessTokenFor(uid: string, secret: string, signingSecret: string): NewAccessToken {
  const mac = createHmac('sha256', signingSecret)
    .update(tokenMacInput(uid, secret))
    .digest('hex')
    .slice(0, TOKEN_MAC_DIGITS)
  const token = formatAccessToken({ uid, secret, mac })
  return {
    token,
    hash: createHash('sha256').update(secret).digest('hex'),
    last4: token.slice(-SHOWN_CHARACTERS),
  }
}
