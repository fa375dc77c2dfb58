/** The first account of a new installation. */

import type { Logger } from 'pino'
import type { PasswordHasher } from './domain/password.ts'
import type { WorkerEnv } from './env.ts'
import { isDuplicate } from './stores/mysql-errors.ts'
import type { Users } from './stores/users.ts'

/** Makes the admin of ADMIN_USERNAME and ADMIN_PASSWORD if there is no account at all. */
export async function seedAdmin(
  users: Users,
  argon: PasswordHasher,
  { username, password }: WorkerEnv['admin'],
  log: Logger,
): Promise<void> {
  if (!(await users.isEmpty())) return
  const passwordHash = await argon.hash(password)
  try {
    await users.create({ username, passwordHash, role: 'admin', mustChange: 0 })
    log.info('first admin account made')
  } catch (error) {
    // Another worker that started at the same moment was first.
    if (!isDuplicate(error)) throw error
  }
}
