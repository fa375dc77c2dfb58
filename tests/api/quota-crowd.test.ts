/** Two hundred calls at once have no more than their quota together. */

import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import type { Plan } from '../../scripts/stack/plan.ts'
import type { Client } from '../support/client.ts'
import { CROWDED } from '../support/crowd.ts'
import { makePatient } from '../support/patient-gate.ts'
import { moneyPer, personWithin, standingOf, tokensPer } from '../support/quotas.ts'
import { sqlRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack(CROWDED)

let patience: Promise<void> | undefined

/** The gate of the whole file is made patient once. */
function beginPatiently(plan: Plan): Promise<void> {
  patience ??= makePatient(plan)
  return patience
}

/** What nginx says where a busy machine keeps Redis' answers waiting. */
const CROWD = { provokes: /subrequest: "\/_redis"|gate: / }

const CALLS = 200
/** Answers that do not end by themselves, so that nothing is given back meanwhile. */
const MESSAGE = 'standin: stall=1 delay=0'
const ONE_CALL = Buffer.byteLength(MESSAGE) + 32 + 256 + 8192

interface Asked {
  readonly id: string
  /** The code of a refusal; undefined: the answer runs. */
  readonly refusal: string | undefined
  readonly response: IncomingMessage
}

async function ask(client: Client): Promise<Asked> {
  const response = await client.open('/api/chat', { body: { message: MESSAGE } })
  const id = String(response.headers['x-request-id'])
  if (response.statusCode === 200) return { id, refusal: undefined, response }
  const { code } = JSON.parse((await response.toArray()).join('')) as { code: string }
  return { id, refusal: code, response }
}

/** Asks for so many answers at once, then for one more until the quota says no. Returns those that run. */
async function askAll(client: Client): Promise<readonly Asked[]> {
  const asked = await Promise.all(Array.from({ length: CALLS }, () => ask(client)))
  for (const { refusal } of asked) {
    // On a busy machine a few of so many run into a time limit.
    const isOrdinary =
      refusal === undefined || /^(?:quota_exhausted|\w+_unavailable)$/.test(refusal)
    assert.ok(isOrdinary, refusal)
  }
  assert.ok(asked.some(({ refusal }) => refusal === 'quota_exhausted'))
  for (;;) {
    const one = await ask(client)
    if (one.refusal === 'quota_exhausted') break
    asked.push(one)
  }
  return asked.filter(({ refusal }) => refusal === undefined)
}

/** Ends the answers and resolves when they are settled. */
async function stopAll(client: Client, running: readonly Asked[]): Promise<void> {
  for (const { id, response } of running) {
    const ended = response.toArray()
    assert.equal((await client.send(`/api/chat/${id}/stop`, { method: 'POST' })).status, 204)
    await ended
  }
}

function sums(plan: Plan, uid: string) {
  return sqlRows(
    plan,
    `SELECT CAST(SUM(prompt_tokens + completion_tokens) AS CHAR) AS used,
       CAST(SUM(held_tokens) AS CHAR) AS held, CAST(SUM(reserved_cost) AS CHAR) AS cost
     FROM token_usage WHERE user_id = ? AND (ending = 'stopped' OR state = 'open')`,
    [uid],
  )
}

for (const round of [1, 2, 3]) {
  stackTest(
    `of ${CALLS} calls at once as many are made as fit (${round})`,
    async ({ plan }) => {
      await beginPatiently(plan)
      const { client, account } = await personWithin(plan, tokensPer('day', 5 * ONE_CALL))
      const running = await askAll(client)
      assert.equal(running.length, 5)
      assert.equal((await sums(plan, account.id))[0]?.['held'], String(5 * ONE_CALL))
      await stopAll(client, running)
      // All of them have ended, so the rest is there again.
      const { used, left } = await standingOf(client)
      assert.equal(String(used), (await sums(plan, account.id))[0]?.['used'])
      assert.equal(left, 5 * ONE_CALL - Number(used))
      const again = await ask(client)
      assert.equal(again.refusal, undefined)
      await stopAll(client, [again])
    },
    CROWD,
  )
}

stackTest(
  'the same with money: what is reserved together is never more',
  async ({ plan }) => {
    await beginPatiently(plan)
    const { client, account } = await personWithin(plan, moneyPer('day', '0.2'))
    const running = await askAll(client)
    const reserved = Number((await sums(plan, account.id))[0]?.['cost'])
    assert.ok(reserved <= 0.2, `${reserved} reserved`)
    // What is left is less than the least answer, at the dearer price.
    assert.ok(reserved > 0.2 - (2 * 344 + 8 * 256) / 1e6, `${reserved} reserved`)
    await stopAll(client, running)
  },
  CROWD,
)
