/** Where limits cannot be counted without Redis nobody passes: by the operator's choice, or for want of memory. */

import assert from 'node:assert/strict'
import { after } from 'node:test'
import type { Plan } from '../../scripts/stack/plan.ts'
import { type Answer, Client } from '../support/client.ts'
import { chat, chats, exhaust, freshAddress, knownTo, tally } from '../support/gate-people.ts'
import { HinderedRedis } from '../support/hindered-redis.ts'
import { editNginx } from '../support/nginx-edit.ts'
import { plainHttp } from '../support/plain-http.ts'
import { assertProblem } from '../support/problem.ts'
import {
  away,
  OUTAGE_SETTINGS,
  type Outage,
  outageTests,
  returned,
} from '../support/redis-outage.ts'
import { useStack } from '../support/test-stack.ts'

let redis: HinderedRedis
const tests = useStack(async () => {
  redis = await HinderedRedis.start()
  return { ...OUTAGE_SETTINGS, ...redis.settings }
})
after(() => redis?.remove())

const LOADING = 'LOADING Redis is loading the dataset in memory'
const outage: Outage = {
  name: 'away',
  begin: () => redis.answer(LOADING),
  end: () => redis.heal(),
}
const test = outageTests(tests, outage)

test('$gate_redis_loss closed: what has a limit waits, the rest goes on', async (plan, {
  begin,
}) => {
  await editNginx(plan, { 'servers/gateway.conf': setLoss('local', 'closed') })
  try {
    const [person, exhausted] = [await knownTo(plan), await knownTo(plan)]
    await exhaust(exhausted.client)
    await begin()
    for (const _ of ['Redis is missed for the first time', 'Redis is known to be away']) {
      assertUncounted(await chat(person.client))
      const write = { method: 'POST', body: {} }
      assertUncounted(await person.client.send('/api/nothing-here', write))
      assertUncounted(await new Client(plan, freshAddress()).signIn('nobody', 'wrong'))
      assert.equal((await person.client.send('/api/me')).status, 200)
      assertProblem(await chat(exhausted.client), 429, 'rate_limited')
      await away(plan)
    }
  } finally {
    await editNginx(plan, { 'servers/gateway.conf': setLoss('closed', 'local') })
  }
})

test('a full zone: nobody is admitted without Redis, everybody is with it', async (plan, {
  begin,
  end,
}) => {
  await editNginx(plan, {
    'rendered/tunables.conf': (text) => text.replace('zone=gate_slots:16M', 'zone=gate_slots:32k'),
  })
  const busy = await knownTo(plan)
  assert.deepEqual(tally(await chats(busy.client, 5)), { 200: 5 })
  await begin()
  await away(plan)
  assertUncounted(await fill(plan))
  assertUncounted(await new Client(plan, freshAddress()).signIn('nobody', 'wrong'))
  assertProblem(await chat(busy.client), 429, 'rate_limited')

  await end()
  await returned(plan)
  const lost = await lostSlots(plan)
  const late = await knownTo(plan)
  assert.ok((await lostSlots(plan)) > lost, 'the sign-in found no memory, which is counted')

  // What Redis has admitted meanwhile this nginx does not know, so it must not go on alone.
  await begin()
  await away(plan)
  assertUncounted(await chat(late.client))
  assert.equal((await late.client.send('/api/me')).status, 200)
})

function setLoss(from: string, to: string) {
  return (text: string) =>
    text.replace(`set $gate_redis_loss ${from};`, `set $gate_redis_loss ${to};`)
}

function assertUncounted(answer: Answer): void {
  assertProblem(answer, 503, 'limits_unavailable')
  assert.match(String(answer.headers['retry-after']), /^[1-9]$/)
}

/** Has other addresses try to sign in until there is no memory left, and returns the first refusal. */
async function fill(plan: Plan): Promise<Answer> {
  for (let count = 0; count < 2000; count++) {
    const client = new Client(plan, freshAddress())
    const answer = await client.send('/login', { body: {} })
    client.close()
    if (answer.status !== 400) return answer
  }
  throw new Error('the zone is not full')
}

async function lostSlots({ settings }: Plan): Promise<number> {
  const { text } = await plainHttp({ to: settings.metricsPort, path: '/metrics' })
  return Number(/^chatgate_gate_local_slots_lost_total (\d+)$/m.exec(text)?.[1] ?? 0)
}
