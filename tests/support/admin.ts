/** What administrators see, change (naming the state that they expect) and leave in the record. */

import assert from 'node:assert/strict'
import type { ApiKeyView, Page, UserView } from '#contract/api.ts'
import type { AuditView } from '#contract/audit.ts'
import type { OperationSpec } from '../../worker/src/routes/operation.ts'
import type { Answer, Client } from './client.ts'

/** Returns an account as administrators see it. @throws if it is not there */
export async function shownUser(admin: Client, id: string): Promise<UserView> {
  const answer = await admin.send(`/admin/api/users/${id}`)
  if (answer.status !== 200) throw new Error(`user ${id}: ${answer.status} ${answer.text}`)
  return answer.json<UserView>()
}

/** Changes an account as it is now. */
export async function changeUser(admin: Client, id: string, change: object): Promise<Answer> {
  const { version } = await shownUser(admin, id)
  const body = { version, ...change }
  return admin.send(`/admin/api/users/${id}`, { method: 'PATCH', body })
}

/** Changes a key as it is now; for one that is not there any version will do. */
export async function changeKey(admin: Client, id: string, change: object): Promise<Answer> {
  const { keys } = (await admin.send('/admin/api/keys')).json<{ keys: ApiKeyView[] }>()
  const version = keys.find((key) => key.id === id)?.version ?? 1
  const body = { version, ...change }
  return admin.send(`/admin/api/keys/${id}`, { method: 'PATCH', body })
}

/** Returns what is recorded of a target, the newest first. */
export async function recordsOf(
  admin: Client,
  kind: string,
  id: string,
): Promise<readonly AuditView[]> {
  const answer = await admin.send(`/admin/api/audit?target_kind=${kind}&target_id=${id}`)
  if (answer.status !== 200) throw new Error(`the record: ${answer.status} ${answer.text}`)
  return answer.json<Page<AuditView>>().items
}

/**
 * Asserts that an answer has this status and is what the operation says of it.
 * @returns its body
 */
export function answered<T>(
  operations: readonly OperationSpec[],
  id: string,
  answer: Answer,
  status: number,
): T {
  assert.equal(answer.status, status, answer.text)
  const said = operations.find((spec) => spec.id === id)?.answers[status]
  assert.ok(said, `${id} says nothing of ${status}`)
  if (said.schema === undefined) {
    assert.equal(answer.text, '')
    return undefined as T
  }
  const result = said.schema.safeParse(answer.json())
  assert.ok(result.success, `${id}: ${result.error?.message}`)
  return answer.json<T>()
}
