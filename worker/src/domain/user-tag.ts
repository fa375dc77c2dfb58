import { createHmac } from 'node:crypto'

/**
 * Returns the opaque name under which the provider knows a user: stable, and not to be turned back
 * into our id without the secret.
 */
export function userTag(secret: string, uid: string): string {
  return createHmac('sha256', secret).update(`upstream-user.v1|${uid}`).digest('hex').slice(0, 32)
}
