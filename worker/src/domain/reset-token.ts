/** Tokens of links by which people choose another password. */

import { createHash, randomBytes } from 'node:crypto'

const TOKEN_BYTES = 32

/** How long a link is good, ms: a day, so that it need not be told at once. */
export const RESET_LINK_MS = 86_400_000

/** Returns a token, 256 bits from the system's random source, as 43 characters of base64url. */
export function newResetToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url')
}

/** Returns what is stored of a token: its SHA-256 (hex). */
export function resetTokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
