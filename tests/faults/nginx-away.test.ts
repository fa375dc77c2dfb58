/** nginx killed: another one takes over its ports, and the rest does not notice. */

import assert from 'node:assert/strict'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { signedIn } from '../support/accounts.ts'
import { readFirstContent, rest, startChat } from '../support/chat.ts'
import { ROOMY } from '../support/own-stack.ts'
import { partOf, signalPart, successorOf } from '../support/processes.ts'
import { awaitEnd } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'
import { settledRow } from '../support/usage-rows.ts'

const { stackTest } = useStack(ROOMY)

const RECOVERY_MS = 15_000

stackTest('nginx killed: a new one serves, and a running answer is not lost', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const { id, events } = await startChat(client, 'standin: tokens=30 delay=20')
  await readFirstContent(events)
  const worker = partOf(plan, 'worker')
  const cut = assert.rejects(rest(events), /aborted/)
  // The master only: its workers go on without it, until they are ended too.
  const killed = signalPart(plan, 'nginx', 'SIGKILL')
  await cut
  await successorOf(plan, 'nginx', killed)
  await waitFor(async () => {
    assert.equal((await client.send('/api/me')).status, 200)
  }, RECOVERY_MS)
  assert.deepEqual(partOf(plan, 'worker'), worker)
  assert.equal((await awaitEnd(plan, id)).ended, 'complete')
  const row = await settledRow(plan, id)
  assert.deepEqual([row.ending, row.completion_tokens], ['done', 30])
})
