/** Passwords that an administrator passes on to somebody. */

import { randomBytes } from 'node:crypto'

/** 32 characters that are not taken for one another, neither on paper nor on the telephone. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789'
const GROUPS = 4
const GROUP = 4

/** Returns 80 random bits in the form `abcd-efgh-ijkm-npqr`. */
export function newOneTimePassword(): string {
  const letters = [...randomBytes(GROUPS * GROUP)].map((byte) => ALPHABET.charAt(byte & 31))
  return Array.from({ length: GROUPS }, (_, at) =>
    letters.slice(at * GROUP, (at + 1) * GROUP).join(''),
  ).join('-')
}
