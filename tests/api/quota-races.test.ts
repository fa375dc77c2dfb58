/** What may come between the steps of counting quotas anew, one after the other. */

import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { QUOTA_RUN, quotaHoldsKey, quotaKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import type { QuotaOwner } from '../../worker/src/domain/quota-terms.ts'
import {
  type QuotaWorker,
  type QuotaWorld,
  quotaWorld,
  type WorldOptions,
} from '../support/quota-world.ts'
import { withRedis } from '../support/redis.ts'
import { newId } from '../support/settlement.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const AMOUNT = 10_000

function worldOf(plan: Plan, options: Partial<WorldOptions> = {}): Promise<QuotaWorld> {
  return quotaWorld(plan, {
    uid: String(1_000_000 + randomInt(1_000_000_000)),
    workers: 2,
    quotas: new Map<QuotaOwner, [{ unit: 'tokens'; period: 'day'; amount: bigint }]>([
      ['u', [{ unit: 'tokens', period: 'day', amount: BigInt(AMOUNT) }]],
    ]),
    ...options,
  })
}

function workersOf({ workers }: QuotaWorld): readonly [QuotaWorker, QuotaWorker] {
  const [one, other] = workers
  assert.ok(one && other)
  return [one, other]
}

function reserve({ quotas }: QuotaWorker, { uid }: QuotaWorld, id: string, maxTokens: number) {
  const call = { requestId: id, uid, token: undefined, model: 'm' }
  return quotas.reserve({ ...call, promptBytes: 0, maxTokens })
}

/** Reserves and writes the row. */
async function begin(world: QuotaWorld, worker: QuotaWorker, maxTokens = 1000): Promise<string> {
  const id = newId()
  const reserved = await reserve(worker, world, id, maxTokens)
  world.calls.set(id, { id, token: undefined, reserved, used: undefined })
  return id
}

/** Asserts that a call gets exactly what the books leave. */
async function assertLeft(world: QuotaWorld, worker: QuotaWorker): Promise<void> {
  const id = newId()
  const { tokens } = await reserve(worker, world, id, 1_000_000)
  assert.equal(tokens, AMOUNT - world.taken('u'))
  await worker.quotas.release(id)
}

function forget(plan: Plan, { uid }: QuotaWorld, ...more: readonly string[]): Promise<number> {
  return withRedis(plan, (redis) => redis.del(quotaKey(uid), ...more))
}

stackTest(
  'a call that Redis has lost before its row is written is waited for',
  async ({ plan }) => {
    const world = await worldOf(plan)
    const [one, other] = workersOf(world)
    try {
      const id = newId()
      const reserved = await reserve(one, world, id, 9500)
      await forget(plan, world, quotaHoldsKey(world.uid), QUOTA_RUN)
      const late = assert.rejects(reserve(other, world, newId(), 9500), { code: 'quota_exhausted' })
      // As late as a statement may be.
      await new Promise((resolve) => setTimeout(resolve, 600))
      world.calls.set(id, { id, token: undefined, reserved, used: undefined })
      await late
    } finally {
      world.close()
    }
  },
)

stackTest(
  'a call settled in the books, of which Redis is told later, counts once',
  async ({ plan }) => {
    const world = await worldOf(plan)
    const [one, other] = workersOf(world)
    try {
      const id = await begin(world, one)
      const call = world.calls.get(id)
      assert.ok(call)
      call.used = 700
      await forget(plan, world)
      await assertLeft(world, other)
      // It was settled by the one before: this changes nothing, and neither does the next.
      assert.equal(await one.settle(id, 700), false)
      await assertLeft(world, other)
      assert.equal(await other.settle(id, 700), false)
      await assertLeft(world, one)
    } finally {
      world.close()
    }
  },
)

stackTest('a call settled while the books are read is neither lost nor held', async ({ plan }) => {
  let meanwhile: (() => Promise<void>) | undefined
  const world = await worldOf(plan, {
    async afterReading() {
      const once = meanwhile
      meanwhile = undefined
      await once?.()
    },
  })
  const [one, other] = workersOf(world)
  try {
    const [id, running] = [await begin(world, one), await begin(world, other)]
    await forget(plan, world)
    meanwhile = async () => {
      assert.equal(await one.settle(id, 600), true)
    }
    await assertLeft(world, other)
    const holds = await withRedis(plan, (redis) => redis.hkeys(quotaHoldsKey(world.uid)))
    assert.deepEqual(holds, [running])
  } finally {
    world.close()
  }
})

stackTest('what is lost while the books are read is read once more', async ({ plan }) => {
  let meanwhile: (() => Promise<unknown>) | undefined
  const world = await worldOf(plan, {
    async afterReading() {
      const once = meanwhile
      meanwhile = undefined
      await once?.()
    },
  })
  const [one, other] = workersOf(world)
  try {
    const id = await begin(world, one)
    await forget(plan, world)
    meanwhile = async () => {
      await forget(plan, world, quotaHoldsKey(world.uid), QUOTA_RUN)
      await one.settle(id, 500)
    }
    await assertLeft(world, other)
  } finally {
    world.close()
  }
})

stackTest('many that count anew at the same time come to the same', async ({ plan }) => {
  const world = await worldOf(plan, { pause: () => randomInt(5) })
  const [one, other] = workersOf(world)
  try {
    const ids = [await begin(world, one, 500), await begin(world, other, 500)]
    for (let round = 0; round < 10; round += 1) {
      await forget(plan, world)
      const asked = Array.from({ length: 20 }, (_, index) => {
        const id = newId()
        const worker = index % 2 === 0 ? one : other
        return reserve(worker, world, id, 300).then(
          () => worker.quotas.release(id),
          (error: { code: string }) => assert.equal(error.code, 'quota_exhausted'),
        )
      })
      await Promise.all(asked)
      await assertLeft(world, one)
    }
    await Promise.all(ids.map((id) => one.settle(id, 400)))
    await assertLeft(world, other)
  } finally {
    world.close()
  }
})

stackTest('a worker that was frozen has its call reserved again', async ({ plan }) => {
  const world = await worldOf(plan)
  const [one, other] = workersOf(world)
  try {
    const id = await begin(world, one, 5000)
    await withRedis(plan, async (redis) => {
      const hold = await redis.hget(quotaHoldsKey(world.uid), id)
      await redis.hset(quotaHoldsKey(world.uid), id, String(hold).replace(/^\d+/, '1'))
    })
    await assertLeft(world, other)
    await one.held.renew()
    await assertLeft(world, other)
    assert.equal(await one.settle(id, 100), true)
    await assertLeft(world, other)
  } finally {
    world.close()
  }
})
