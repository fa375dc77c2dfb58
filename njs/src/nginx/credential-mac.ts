/** Proof that a cookie or token was made by us, so that forged ones never reach Redis. */

import crypto from 'crypto'

/**
 * Returns true if any of the secrets made the mac: HMAC-SHA256 or its first bytes, as text in that
 * encoding. njs has no timingSafeEqual; as numbers the two are compared in steps that do not depend on
 * where they differ, and without a loop, which QuickJS would take longer for than for the HMAC.
 */
export function isAuthentic(
  input: string,
  mac: string,
  secrets: readonly string[],
  encoding: 'base64url' | 'hex',
): boolean {
  const bytes = Buffer.from(mac, encoding)
  // Several texts stand for the same bytes where bits are left over; only one of them is ours.
  if (bytes.toString(encoding) !== mac) return false
  const given = bytes.toString('hex')
  let authentic = false
  // By index, as QuickJS takes long for iterators.
  for (let index = 0; index < secrets.length; index++) {
    const hmac = crypto.createHmac('sha256', secrets[index] as string)
    const own = hmac.update(input).digest('hex').slice(0, given.length)
    if ((BigInt(`0x${own}`) ^ BigInt(`0x${given}`)) === 0n) authentic = true
  }
  return authentic
}

/** Returns SHA-256 in hex: the name of a session or token in Redis. */
export function sha256(text: string): string {
  return crypto.createHash('sha256').update(text).digest('hex')
}

/** Returns SHA-1 in hex, by which Redis knows a script; no secret depends on it. */
export function sha1(text: string): string {
  return crypto.createHash('sha1').update(text).digest('hex')
}
