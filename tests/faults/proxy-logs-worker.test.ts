/** Log records when the worker is killed between storing and acknowledging, or never comes back. */

import assert from 'node:assert/strict'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { loseWorker, openEntries, streamIsEmpty } from '../support/log-entries.ts'
import { LogLoad } from '../support/log-load.ts'
import { signalPart, successorOf, vanished } from '../support/processes.ts'
import { withRedis } from '../support/redis.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack({ GATE_FLOOD: 'off' })

const STORED_MS = 15_000

stackTest(
  'a worker killed after the commit and before the acknowledgement doubles no row',
  async ({ plan }) => {
    const load = new LogLoad(plan)
    // From here on nobody can acknowledge an entry, whenever the worker would have come to it.
    await withRedis(plan, (redis) => redis.call('ACL', 'SETUSER', 'default', '-xack'))
    await load.send(200)
    await waitFor(async () => assert.ok((await load.rows()) > 0, 'no row yet'), STORED_MS)
    const killed = signalPart(plan, 'worker', 'SIGKILL')
    await vanished(killed)
    assert.ok((await openEntries(plan)).length > 0)
    await withRedis(plan, (redis) => redis.call('ACL', 'SETUSER', 'default', '+xack'))
    await successorOf(plan, 'worker', killed)
    await load.stored()
    await streamIsEmpty(plan)
    assert.equal(await load.rows(), 200)
  },
)

stackTest('what a worker that never came back had in hand is taken over', async ({ plan }) => {
  const load = new LogLoad(plan)
  await loseWorker(plan, () => load.send(50))
  await load.stored()
  await streamIsEmpty(plan)
  assert.equal(await load.rows(), 50)
})
