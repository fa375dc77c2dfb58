/** The session cookie and what Redis keeps about a session and its user. */

/**
 * The session cookie's name. Cookies ignore ports, so two copies on one host need two names; 443 and
 * 8443 share the plain one. `__Host-` makes browsers insist on Secure, Path=/ and no Domain
 * (RFC 6265bis §4.1.3.2).
 */
export function sessionCookieName(httpsPort: number): string {
  return httpsPort === 443 || httpsPort === 8443 ? '__Host-sid' : `__Host-sid-${httpsPort}`
}

/** The three parts of a cookie value `<uid>.<token>.<mac>`, not yet verified. */
export interface SessionCookie {
  /** users.id, decimal. */
  readonly uid: string
  /** 32 random bytes, base64url without padding (43 characters). */
  readonly token: string
  /** HMAC-SHA256 of `macInput`, base64url without padding (43 characters). */
  readonly mac: string
}

/** Of 32 bytes in base64url. */
const TOKEN_CHARS = 43
const MAC_CHARS = 43

/** users.id is a BIGINT. */
const MAX_UID_CHARS = 20

/**
 * Returns the parts of a session cookie's value, or undefined if it does not have them. What they are
 * made of only the mac tells: it is over the very characters, so a cookie that keeps it is one of ours.
 * Cut by length, because this runs for every forged cookie and a pattern costs as much as the mac.
 */
export function parseSessionCookie(value: string): SessionCookie | undefined {
  const macAt = value.length - MAC_CHARS
  const tokenAt = macAt - 1 - TOKEN_CHARS
  const uidEnd = tokenAt - 1
  if (uidEnd < 1 || uidEnd > MAX_UID_CHARS) return undefined
  if (value.charAt(uidEnd) !== '.' || value.charAt(macAt - 1) !== '.') return undefined
  return {
    uid: value.slice(0, uidEnd),
    token: value.slice(tokenAt, macAt - 1),
    mac: value.slice(macAt),
  }
}

/** Returns the cookie's value. */
export function formatSessionCookie(cookie: SessionCookie): string {
  return `${cookie.uid}.${cookie.token}.${cookie.mac}`
}

/** Returns the text that the cookie's mac is made over. */
export function macInput(uid: string, token: string): string {
  return `sid.v1|${uid}|${token}`
}

/** Fields of the Redis hash at `sessionKey`; all values are strings there. */
export interface SessionRecord {
  /** Unix seconds at sign-in: the absolute timeout counts from here. */
  readonly created: string
  /** Unix seconds of the last admitted request, at most a minute old. */
  readonly last: string
  /** The user's epoch at sign-in; a later epoch ends the session. */
  readonly epoch: string
  readonly ip: string
  /** User-Agent at sign-in, at most 256 characters. */
  readonly ua: string
}

export type Role = 'user' | 'admin'

/** Fields of the Redis hash at `userKey`: the gate's copy of the MySQL row, which is the truth. */
export interface UserCopy {
  /** Raised to end every session of the user. */
  readonly epoch: string
  /** Raised by every other change within an epoch: an older copy never takes the place of a later one. */
  readonly revision: string
  readonly state: 'enabled' | 'disabled'
  readonly role: Role
  readonly name: string
  /** The user's own limits (own-limits.ts), or empty. */
  readonly limits: string
  /** `1`: the password was given by an administrator, and the worker refuses all but changing it. */
  readonly must_change: '0' | '1'
}
