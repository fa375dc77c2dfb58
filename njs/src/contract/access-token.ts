/**
 * Personal access tokens of programs: `cg_<uid>_<secret>_<mac8>`, sent as `Authorization: Bearer …`.
 * The mac lets a gate refuse most forged ones without asking anybody; it is short, so a token that
 * passes still has to be known to Redis or the worker.
 */

/** The parts of a token, syntactically right but not yet verified. */
export interface AccessToken {
  /** users.id, decimal. */
  readonly uid: string
  /** 20 random bytes, 40 hex digits. */
  readonly secret: string
  /** First 8 hex digits of HMAC-SHA256 over `tokenMacInput` with GATE_TOKEN_SECRET. */
  readonly mac: string
}

/** Length of `mac` in hex digits. */
export const TOKEN_MAC_DIGITS = 8

/** Returns the parts of a token, or undefined if it cannot be one of ours. */
export function parseAccessToken(text: string): AccessToken | undefined {
  const match = /^cg_([1-9]\d{0,19})_([0-9a-f]{40})_([0-9a-f]{8})$/.exec(text)
  if (match === null) return undefined
  const [, uid = '', secret = '', mac = ''] = match
  return { uid, secret, mac }
}

/** Returns how all tokens of a user begin, which is no secret. */
export function tokenPrefix(uid: string): string {
  return `cg_${uid}_`
}

/** Returns the token as its owner keeps it. */
export function formatAccessToken({ uid, secret, mac }: AccessToken): string {
  return `cg_${uid}_${secret}_${mac}`
}

/** Returns the text that a token's mac is made over. */
export function tokenMacInput(uid: string, secret: string): string {
  return `tok.v1|${uid}|${secret}`
}

/**
 * Returns the token in an Authorization header, or undefined if there is none (RFC 6750 §2.1; the
 * scheme's name has no case).
 */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
}

/** Fields of the Redis hash at `tokenKey`; all values are strings there. */
export interface TokenRecord {
  /** access_tokens.id, decimal. */
  readonly id: string
  /** Unix seconds after which the token is over, or empty for never. */
  readonly expires: string
  /** The token's own limits (own-limits.ts), or empty. */
  readonly limits: string
}
