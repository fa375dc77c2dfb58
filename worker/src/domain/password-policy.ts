/** What a password that people choose has to be (NIST SP 800-63B-4 §3.1.1.2: length and a blocklist). */

import { isCommonPassword } from './common-passwords.ts'

/** Characters, as people count them. */
const MIN_CHARACTERS = 8
/** UTF-16 units: as many as the login form takes. */
export const MAX_PASSWORD_UNITS = 256

export type PasswordFault = 'short' | 'long' | 'malformed' | 'common' | 'username' | 'unchanged'

/**
 * Returns what is wrong with a new password, or undefined.
 * @param current the password before it, if it is known
 */
export function passwordFault(
  password: string,
  username: string,
  current?: string,
): PasswordFault | undefined {
  if ([...password].length < MIN_CHARACTERS) return 'short'
  if (password.length > MAX_PASSWORD_UNITS) return 'long'
  // Half a surrogate pair has no UTF-8: several of them would be one and the same password.
  if (/\p{Surrogate}/u.test(password)) return 'malformed'
  if (password === current) return 'unchanged'
  if (password.toLowerCase() === username.toLowerCase()) return 'username'
  return isCommonPassword(password) ? 'common' : undefined
}
