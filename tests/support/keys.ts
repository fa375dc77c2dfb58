/** The provider's keys, as admins handle them. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { SavedKey } from '#contract/admin.ts'
import type { ApiKeyView } from '#contract/api.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { type ApiKeyChanges, createApiKeyChanges } from '../../worker/src/stores/api-key-changes.ts'
import { createKeyRows } from '../../worker/src/stores/api-key-rows.ts'
import { createDatabase } from '../../worker/src/stores/mysql.ts'
import { signedIn } from './accounts.ts'
import type { Client } from './client.ts'
import { sqlRun } from './sql.ts'
import type { StackTests } from './test-stack.ts'

/** Returns the name of an account that no other test has let cool. */
export function newAccount(): string {
  return `account-${randomBytes(6).toString('hex')}`
}

/** Stores a key; the body is that of POST /admin/api_key. */
export async function putKey(client: Client, body: object) {
  const answer = await client.send('/admin/api_key', { body })
  assert.equal(answer.status, 200, answer.text)
  return answer.json<SavedKey>()
}

/** Returns the keys as admins see them; after this call the worker knows what is in MySQL. */
export async function shownKeys(client: Client): Promise<readonly ApiKeyView[]> {
  return (await client.send('/admin/api/keys')).json<{ keys: ApiKeyView[] }>().keys
}

/** Returns one of them. @throws if there is none of this alias */
export async function shownKey(client: Client, alias: string): Promise<ApiKeyView> {
  const found = (await shownKeys(client)).find((key) => key.alias === alias)
  assert.ok(found, `there is no key ${alias}`)
  return found
}

/** Lets calls use these keys only, behind the admin's back: nothing known against them is forgotten. */
export async function useOnly(
  plan: Plan,
  client: Client,
  ...aliases: readonly string[]
): Promise<void> {
  const marks = aliases.map(() => '?').join(', ')
  await sqlRun(plan, `UPDATE api_keys SET enabled = alias IN (${marks}) WHERE NOT standin`, aliases)
  await shownKeys(client)
}

/** Leaves only the stand-in's row, as on a fresh installation. */
export async function forgetKeys(plan: Plan, admin: Client): Promise<void> {
  await sqlRun(plan, 'DELETE FROM api_keys WHERE NOT standin')
  await sqlRun(plan, 'UPDATE api_keys SET enabled = TRUE WHERE standin')
  await shownKeys(admin)
}

/** Returns a way to write tests after which the stack has no keys of its own. */
export function keyTests(stackTest: StackTests['stackTest']) {
  return (name: string, run: (plan: Plan, admin: Client) => Promise<void>): void =>
    stackTest(name, async ({ plan }) => {
      const { client } = await signedIn(plan, 'admin')
      try {
        await run(plan, client)
      } finally {
        await forgetKeys(plan, client)
      }
    })
}

/** Works on the stack's keys as another worker would. */
export async function asWorker(plan: Plan, work: (changes: ApiKeyChanges) => Promise<void>) {
  const db = createDatabase(plan.worker.mysql)
  try {
    await work(createApiKeyChanges(db, createKeyRows(plan.worker, db)))
  } finally {
    await db.close()
  }
}
