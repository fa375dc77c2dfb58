/**
 * Random histories of quotas, by several workers on a real Redis: what is used and reserved never exceeds
 * the quota, and in the end Redis knows exactly what the books say.
 */

import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { QUOTA_RUN, quotaHoldsKey, quotaKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import type { Quota, QuotaOwner } from '../../worker/src/domain/quota-terms.ts'
import { Failure } from '../../worker/src/failure.ts'
import { type QuotaWorld, quotaWorld } from '../support/quota-world.ts'
import { withRedis } from '../support/redis.ts'
import { chooseSeed, drawFrom } from '../support/seed.ts'
import { newId } from '../support/settlement.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()
const draw = drawFrom(chooseSeed())

const WORKERS = 3
const CLIENTS = 12
/** At the end of each the state is looked at: the more often, the less an error can heal before. */
const PHASES = 12
const STEPS = 5
/** Room for some ten calls at a time; what they use in the end is little, so the history goes on. */
const USER: Quota = { unit: 'tokens', period: 'day', amount: 50_000n }
const MONTH: Quota = { unit: 'tokens', period: 'month', amount: 90_000n }
const TOKEN: Quota = { unit: 'tokens', period: 'day', amount: 20_000n }
const MOST_USED = 100

type Step = (world: QuotaWorld) => Promise<void>

/** A worker at random, as whichever gets a request. */
function worker({ workers }: QuotaWorld) {
  const one = workers[draw.integer(0, workers.length - 1)]
  assert.ok(one)
  return one
}

function openCall({ calls }: QuotaWorld): string | undefined {
  const open = [...calls.values()].filter(({ used }) => used === undefined)
  return open[draw.integer(0, open.length - 1)]?.id
}

function assertWithin(world: QuotaWorld): void {
  assert.ok(world.taken('u') <= Number(USER.amount), `${world.taken('u')} taken by the user`)
  assert.ok(world.taken('t5') <= Number(TOKEN.amount), `${world.taken('t5')} by the token`)
}

const begin: Step = async (world) => {
  const id = newId()
  const token = draw.integer(0, 2) === 0 ? '5' : undefined
  const { quotas } = worker(world)
  try {
    const reserved = await quotas.reserve({
      ...{ requestId: id, uid: world.uid, token, model: 'm' },
      promptBytes: draw.integer(1, 2000),
      maxTokens: draw.integer(1, 5) === 1 ? undefined : draw.integer(1, 4000),
    })
    // Between the reservation and the row.
    await delay(draw.integer(0, 3) * draw.integer(0, 10))
    if (draw.integer(0, 9) === 0) return await quotas.release(id)
    world.calls.set(id, { id, token, reserved, used: undefined })
    assertWithin(world)
  } catch (error) {
    assert.ok(error instanceof Failure, String(error))
    assert.ok(['quota_exhausted', 'limits_unavailable'].includes(error.code), error.code)
  }
}

const end: Step = async (world) => {
  const id = openCall(world)
  const call = world.calls.get(id ?? '')
  if (id === undefined || call === undefined) return
  const used = draw.integer(0, MOST_USED)
  // By its own worker or another, and perhaps by both.
  const ends = [worker(world).settle(id, used)]
  if (draw.integer(0, 3) === 0) ends.push(worker(world).settle(id, used))
  await Promise.all(ends)
  assertWithin(world)
}

/** The worker of a call is gone: its hold lapses, and its row stays open. */
const lapse: Step = async (world) => {
  const id = openCall(world)
  if (id === undefined) return
  for (const { held } of world.workers) held.drop(id)
  await atRedis(async (redis) => {
    const hold = await redis.hget(quotaHoldsKey(world.uid), id)
    if (hold === null) return
    await redis.hset(quotaHoldsKey(world.uid), id, hold.replace(/^\d+/, '1'))
  })
}

const renew: Step = async (world) => {
  await worker(world).held.renew()
}

let plan: Plan

function atRedis<T>(work: Parameters<typeof withRedis<T>>[1]): Promise<T> {
  return withRedis(plan, work)
}

/** Redis loses what it knows of this user, and with it that it ever knew something. */
const forget: Step = async ({ uid }) => {
  await atRedis((redis) => redis.del(quotaKey(uid), quotaHoldsKey(uid), QUOTA_RUN))
}

/** Loses only what was counted, as the end of a day or a new version of the quotas does. */
const outdate: Step = async ({ uid }) => {
  await atRedis((redis) => redis.del(quotaKey(uid)))
}

const STEP_KINDS: readonly (readonly [Step, number])[] = [
  [begin, 12],
  [end, 11],
  [renew, 2],
  [lapse, 1],
  [outdate, 3],
]

function nextStep(): Step {
  const total = STEP_KINDS.reduce((sum, [, weight]) => sum + weight, 0)
  let at = draw.integer(1, total)
  for (const [step, weight] of STEP_KINDS) {
    at -= weight
    if (at <= 0) return step
  }
  return begin
}

async function play(world: QuotaWorld, losses: number): Promise<void> {
  for (let phase = 0; phase < PHASES; phase += 1) {
    let left = phase % 3 === 0 ? losses : 0
    const client = async () => {
      for (let step = 0; step < STEPS; step += 1) {
        if (left > 0 && draw.integer(0, STEPS) === 0) {
          left -= 1
          await forget(world)
        } else await nextStep()(world)
      }
    }
    await Promise.all(Array.from({ length: CLIENTS }, client))
    await assertRule(world)
  }
}

/** While the state is valid, a call has a hold exactly if what it uses is not in the sums. */
async function assertRule({ uid, calls }: QuotaWorld): Promise<void> {
  const [state, holds] = await atRedis((redis) =>
    Promise.all([redis.hgetall(quotaKey(uid)), redis.hgetall(quotaHoldsKey(uid))]),
  )
  const all = [...calls.values()]
  for (const [owner, own] of [
    ['u', all],
    ['t5', all.filter(({ token }) => token === '5')],
  ] as const) {
    if (state[`${owner}:tag`] === undefined) continue
    const used = own.reduce((sum, call) => sum + (call.used ?? 0), 0)
    assert.equal(state[`${owner}:day:tokens`], String(used), `sum of ${owner}`)
    const open = own.filter((call) => call.used === undefined).map(({ id }) => id)
    for (const id of open) assert.ok(id in holds, `no hold of ${id}, which is open`)
    for (const { id, used } of own) assert.ok(used === undefined || !(id in holds), `hold of ${id}`)
  }
}

/** Once all is quiet a call gets the very last token, and the next one none. */
async function assertExact(world: QuotaWorld): Promise<void> {
  const open = [...world.calls.values()].filter(({ used }) => used === undefined)
  for (const { id, reserved } of open) await worker(world).settle(id, reserved.tokens)
  const left = Number(USER.amount) - world.taken('u')
  const [first] = world.workers
  assert.ok(first)
  const ask = (maxTokens: number) =>
    first.quotas.reserve({
      ...{ requestId: newId(), uid: world.uid, token: undefined, model: 'm' },
      ...{ promptBytes: 0, maxTokens },
    })
  if (left < 512) await assert.rejects(ask(1_000_000), { code: 'quota_exhausted' })
  else {
    const { tokens } = await ask(1_000_000)
    assert.equal(tokens, left)
  }
  await assert.rejects(ask(1), { code: 'quota_exhausted' })
}

for (const [what, losses] of [
  ['whatever happens to single calls', 0],
  ['and Redis forgets everything now and then', 1],
] as const) {
  for (let round = 1; round <= 3; round += 1) {
    stackTest(`quotas hold ${what} (${round})`, async (stack) => {
      plan = stack.plan
      const world = await quotaWorld(plan, {
        uid: String(1_000_000 + randomInt(1_000_000_000)),
        workers: WORKERS,
        quotas: new Map<QuotaOwner, readonly Quota[]>([
          ['u', [USER, MONTH]],
          ['t5', [TOKEN]],
        ]),
        pause: () => draw.integer(0, 4),
      })
      try {
        await play(world, losses)
        assert.ok(world.calls.size > 10, `only ${world.calls.size} calls were made`)
        await assertExact(world)
      } finally {
        world.close()
      }
    })
  }
}
