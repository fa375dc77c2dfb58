/** Accounts for tests, each of its own, so that no test uses up another one's limits. */

import { randomBytes } from 'node:crypto'
import type { Plan } from '../../scripts/stack/plan.ts'
import { createPasswordHasher } from '../../worker/src/domain/password.ts'
import { Client } from './client.ts'
import { sqlRun } from './sql.ts'

export interface Account {
  readonly id: string
  readonly username: string
  readonly password: string
}

/**
 * Makes an account that exists in MySQL only; nobody is signed in.
 * @param limits its own limits, like `chat=100,api=1000`
 */
export async function makeAccount(
  plan: Plan,
  role: 'user' | 'admin' = 'user',
  limits = '',
): Promise<Account> {
  const username = `test-${randomBytes(6).toString('hex')}`
  const password = randomBytes(12).toString('base64url')
  const hash = await (await createPasswordHasher()).hash(password)
  const { insertId } = await sqlRun(
    plan,
    `INSERT INTO users (username, password_hash, role, limits, state, epoch, created_at)
     VALUES (?, ?, ?, ?, 'enabled', 1, UTC_TIMESTAMP(3))`,
    [username, hash, role, limits],
  )
  return { id: String(insertId), username, password }
}

/** Makes an account and returns a client that is signed in to it. */
export async function signedIn(
  plan: Plan,
  role: 'user' | 'admin' = 'user',
  limits = '',
): Promise<{ readonly client: Client; readonly account: Account }> {
  const account = await makeAccount(plan, role, limits)
  const client = new Client(plan)
  const answer = await client.signIn(account.username, account.password)
  if (answer.status !== 200) throw new Error(`sign-in answered ${answer.status}: ${answer.text}`)
  return { client, account }
}
