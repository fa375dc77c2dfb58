/** What proves who a request comes from: a browser's session cookie or a program's access token. */

export interface Credential {
  readonly kind: 'session' | 'token'
  /** users.id, decimal. */
  readonly uid: string
  /** SHA-256 (hex) of the secret part: its name in Redis. */
  readonly hash: string
}
