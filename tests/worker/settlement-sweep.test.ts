/** Calls that nobody will settle any more: settled once, by what is known, and only then. */

import assert from 'node:assert/strict'
import type { Plan } from '../../scripts/stack/plan.ts'
import { createSettlements } from '../../worker/src/stores/settlements.ts'
import { LONGEST_GAP_S } from '../../worker/src/stores/workers.ts'
import { makeAccount } from '../support/accounts.ts'
import {
  addOpenCall,
  endOf,
  type KeeperWorld,
  keeperOn,
  newId,
  PARTIAL,
  seeWorker,
  withDatabase,
} from '../support/settlement.ts'
import { sqlRows, sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'
import { usageRows } from '../support/usage-rows.ts'
import { assertSums } from '../support/usage-sums.ts'

const { stackTest } = useStack()

/**
 * Far from the 30 s that the stack's own worker waits for, which so never comes first: nobody here may
 * have been silent for much longer than for the longest gap between two beats.
 */
const SILENCE_S = 5
const BEYOND_GAP_S = LONGEST_GAP_S + 1
const LIMITS = { silenceMs: SILENCE_S * 1000, patienceMs: 12_000 }

/** Returns the name of a worker, seen so long ago. */
async function workerSeen(plan: Plan, secondsAgo: number): Promise<string> {
  const id = `test#${newId().slice(0, 8)}`
  await seeWorker(plan, id, secondsAgo)
  return id
}

/** Lets a worker of these settings do its round once. */
async function work(plan: Plan, world: Omit<KeeperWorld, 'workerId' | 'limits'> = {}, me?: string) {
  const workerId = me ?? (await workerSeen(plan, 0))
  return await withDatabase(plan, async (db) => {
    const { work: workOnce, ...seen } = keeperOn(db, { ...world, workerId, limits: LIMITS })
    await workOnce()
    return seen
  })
}

async function stateOf(plan: Plan, id: string) {
  const [row] = await usageRows(plan, id)
  const [message] = await sqlRows(
    plan,
    "SELECT state, content FROM messages WHERE request_id = ? AND role = 'assistant'",
    [id],
  )
  return { row, message }
}

stackTest('only what a silent worker left is settled, from what it had told', async ({ plan }) => {
  const account = await makeAccount(plan)
  const dead = await workerSeen(plan, SILENCE_S + 2)
  const alive = await workerSeen(plan, SILENCE_S - 3)
  const told = await addOpenCall(plan, account, { workerId: dead, age: 12 })
  const untold = await addOpenCall(plan, account, { workerId: dead, age: 12 })
  const running = await addOpenCall(plan, account, { workerId: alive, age: 12 })
  const young = await addOpenCall(plan, account, { workerId: dead, age: 1 })
  const { dropped } = await work(plan, { partials: new Map([[told.id, PARTIAL]]) })

  const first = await stateOf(plan, told.id)
  assert.equal(first.row?.ending, 'interrupted')
  assert.deepEqual([first.row.prompt_tokens, first.row.completion_tokens], [40, 3])
  assert.deepEqual([first.row.estimated, first.row.estimate_method], [1, 'weights-1'])
  assert.ok(Number(first.row.cost) > 0)
  assert.deepEqual({ ...first.message }, { state: 'interrupted', content: PARTIAL.content })
  assert.ok(dropped.includes(told.id))

  const second = await stateOf(plan, untold.id)
  assert.deepEqual([second.row?.prompt_tokens, second.row?.completion_tokens], [40, 0])
  assert.equal(second.row?.estimate_method, 'prompt-1')
  assert.equal(second.message?.['state'], 'interrupted')

  for (const { id } of [running, young]) {
    const { row, message } = await stateOf(plan, id)
    assert.deepEqual([row?.state, message?.['state']], ['open', 'open'])
  }
  assert.equal(await assertSums(plan, account), 2)
})

stackTest('a worker started again under its name is not the one that died', async ({ plan }) => {
  const account = await makeAccount(plan)
  const name = `test-${newId().slice(0, 8)}`
  await seeWorker(plan, `${name}#1`, SILENCE_S + 2)
  await seeWorker(plan, `${name}#2`, 0)
  const before = await addOpenCall(plan, account, { workerId: `${name}#1` })
  const now = await addOpenCall(plan, account, { workerId: `${name}#2` })
  await work(plan)
  assert.equal((await stateOf(plan, before.id)).row?.state, 'settled')
  assert.equal((await stateOf(plan, now.id)).row?.state, 'open')
})

stackTest('one that has said goodbye left nothing that could go on', async ({ plan }) => {
  const account = await makeAccount(plan)
  const { id } = await addOpenCall(plan, account, { workerId: 'gone#1' })
  await work(plan)
  assert.equal((await stateOf(plan, id)).row?.ending, 'interrupted')
})

stackTest('of its own calls a worker settles those that it does not run', async ({ plan }) => {
  const account = await makeAccount(plan)
  const me = await workerSeen(plan, 0)
  const running = await addOpenCall(plan, account, { workerId: me })
  const lost = await addOpenCall(plan, account, { workerId: me })
  const unsent = await addOpenCall(plan, account, { workerId: me })
  await work(plan, { running: [running.id], neverSent: [unsent.id] }, me)
  assert.equal((await stateOf(plan, running.id)).row?.state, 'open')
  for (const [{ id }, tokens] of [
    [lost, 40],
    [unsent, 0],
  ] as const) {
    const { row, message } = await stateOf(plan, id)
    assert.deepEqual([row?.ending, row?.prompt_tokens], ['interrupted', tokens])
    assert.equal(Number(row?.cost) > 0, tokens > 0)
    assert.equal(message?.['state'], 'interrupted')
  }
})

stackTest('after an outage nobody is taken for dead before all could beat', async ({ plan }) => {
  const account = await makeAccount(plan)
  const me = await workerSeen(plan, BEYOND_GAP_S)
  const other = await workerSeen(plan, BEYOND_GAP_S)
  const { id } = await addOpenCall(plan, account, { workerId: other })
  const own = await addOpenCall(plan, account, { workerId: me })
  await withDatabase(plan, async (db) => {
    const running = [own.id]
    const { work: workOnce, beat } = keeperOn(db, { running, workerId: me, limits: LIMITS })
    // The keeper may well be the first to find MySQL back.
    await workOnce()
    assert.equal((await stateOf(plan, id)).row?.state, 'open')
    assert.equal((await stateOf(plan, own.id)).row?.state, 'open')
    await beat()
    await workOnce()
    assert.equal((await stateOf(plan, id)).row?.state, 'open')
    await sqlRun(
      plan,
      'UPDATE workers SET steady_since = steady_since - INTERVAL ? SECOND WHERE id = ?',
      [SILENCE_S + 1, me],
    )
    await beat()
    await workOnce()
    assert.equal((await stateOf(plan, id)).row?.state, 'settled')
    assert.equal((await stateOf(plan, own.id)).row?.state, 'open')
  })
})

stackTest(
  'while Redis is away a call waits for what it knows, but not for ever',
  async ({ plan }) => {
    const account = await makeAccount(plan)
    const recent = await workerSeen(plan, SILENCE_S + 2)
    const long = await workerSeen(plan, BEYOND_GAP_S)
    const waiting = await addOpenCall(plan, account, { workerId: recent })
    const given = await addOpenCall(plan, account, { workerId: long })
    await work(plan, { isRedisAway: true })
    assert.equal((await stateOf(plan, waiting.id)).row?.state, 'open')
    assert.equal((await stateOf(plan, given.id)).row?.estimate_method, 'prompt-1')
  },
)

stackTest('a worker that comes back too late changes nothing', async ({ plan }) => {
  const account = await makeAccount(plan)
  const dead = await workerSeen(plan, SILENCE_S + 2)
  const call = await addOpenCall(plan, account, { workerId: dead })
  await work(plan)
  const before = await stateOf(plan, call.id)
  await withDatabase(plan, async (db) => {
    assert.equal(await createSettlements(db).settle(endOf(call)), false)
  })
  assert.deepEqual(await stateOf(plan, call.id), before)
  assert.equal(await assertSums(plan, account), 1)
})

stackTest('spools are worked off before anything is settled by estimate', async ({ plan }) => {
  const account = await makeAccount(plan)
  const dead = await workerSeen(plan, SILENCE_S + 2)
  const calls = await Promise.all(
    [1, 2, 3, 4, 5].map(() => addOpenCall(plan, account, { workerId: dead })),
  )
  const texts = calls.map((call, index) => ({
    id: `${index}-0`,
    text: JSON.stringify({ ...endOf(call), uid: account.id }),
  }))
  const stranger = { ...endOf({ id: newId(), messageId: null }) }
  const bad = [
    { id: '7-0', text: '{"torn' },
    { id: '8-0', text: JSON.stringify(stranger) },
  ]
  const stream = [...bad, ...texts.slice(0, 3), ...texts.slice(0, 1)]
  const files = texts.slice(3)
  const { aside } = await work(plan, { stream, files })
  assert.deepEqual([stream, files], [[], []])
  for (const { id } of calls) {
    const { row, message } = await stateOf(plan, id)
    assert.deepEqual([row?.ending, row?.completion_tokens], ['done', 8])
    assert.deepEqual({ ...message }, { state: 'done', content: 'the whole answer' })
  }
  assert.equal(await assertSums(plan, account), 5)
  assert.deepEqual(
    aside.map(({ text }) => text),
    bad.map(({ text }) => text),
  )
})
