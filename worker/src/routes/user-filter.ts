/** The `user` parameter of admin lists. */

import { z } from 'zod'
import type { Users } from '../stores/users.ts'

/** A username, or a users.id. */
export const userParam = z.string().min(1).max(64).optional()

/** users.id begins at 1, so this matches nobody. */
const NOBODY = '0'

/**
 * Returns the id of the user meant, undefined if all are; a name that nobody has gives an id that
 * nobody has, and so an empty list.
 */
export async function findUserId(
  users: Pick<Users, 'findByUsername'>,
  user: string | undefined,
): Promise<string | undefined> {
  if (user === undefined) return undefined
  const found = await users.findByUsername(user)
  if (found !== undefined) return found.id
  return /^[1-9]\d{0,19}$/.test(user) ? user : NOBODY
}
