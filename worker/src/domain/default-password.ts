/** Whether the first admin account still has the password that is written in the manual. */

import { DEFAULT_PASSWORD } from '../env.ts'
import type { Users } from '../stores/users.ts'
import type { PasswordHasher } from './password.ts'

/**
 * Returns a check that is cheap to repeat: it reads the account's row, and hashes only when the
 * stored hash is not the one it judged last.
 */
export function createDefaultPasswordCheck(
  users: Pick<Users, 'findByUsername'>,
  argon: Pick<PasswordHasher, 'verify'>,
  adminUsername: string,
): () => Promise<boolean> {
  let judged: { readonly phc: string; readonly isDefault: boolean } | undefined
  return async () => {
    const admin = await users.findByUsername(adminUsername)
    if (admin === undefined) return false
    if (judged?.phc !== admin.passwordHash) {
      const isDefault = await argon.verify(admin.passwordHash, DEFAULT_PASSWORD)
      judged = { phc: admin.passwordHash, isDefault }
    }
    return judged.isDefault
  }
}
