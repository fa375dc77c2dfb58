/** People who chat: rows in MySQL, sessions in Redis. Nobody signs in, which would cost a second each. */

import type { Plan } from '../../scripts/stack/plan.ts'
import { withRedis } from '../../tests/support/redis.ts'
import { sqlRows, sqlRun } from '../../tests/support/sql.ts'
import { signInPeople } from '../support/people.ts'

/** Nobody knows a password for it. */
const NO_PASSWORD = '$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAA'

/** Returns the session cookies, `name=value`, of so many new people. */
export async function makePeople(plan: Plan, count: number): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, index) => `bench-${index}`)
  const rows = names.map(() => "(?, ?, 'user', 'enabled', 1, UTC_TIMESTAMP(3))").join(', ')
  await sqlRun(
    plan,
    `INSERT INTO users (username, password_hash, role, state, epoch, created_at) VALUES ${rows}`,
    names.flatMap((name) => [name, NO_PASSWORD]),
  )
  const ids = await sqlRows(plan, "SELECT id FROM users WHERE username LIKE 'bench-%'")
  const uids = ids.map(({ id }) => String(id))
  const people = await withRedis(plan, (redis) =>
    signInPeople(redis, uids, plan.gate.sessionSecrets.split(',')[0] ?? ''),
  )
  return people.map(({ cookie }) => `${plan.settings.cookieName}=${cookie}`)
}
