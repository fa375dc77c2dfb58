import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { fakeTurn, quiet } from './domain/generation-fakes.ts'
import { decodeSettlement } from './domain/settlement-record.ts'
import type { TurnResult } from './domain/turn.ts'
import { Failure } from './failure.ts'
import { createSettler } from './settler.ts'

const RESULT: TurnResult = {
  ending: 'stopped',
  finishReason: null,
  model: null,
  tokens: { promptTokens: 9, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 },
  estimated: true,
  cost: { cost: '0', currency: 'CNY', priced: false },
  firstTokenMs: null,
  durationMs: 1,
  upstreamId: null,
  traceId: null,
  keyId: null,
  reasoning: '',
  content: 'text',
}

const AWAY = new Failure('storage_unavailable')
const REDIS_AWAY = new Failure('session_store_unavailable')

interface World {
  readonly mysql?: Error
  /** `full`: it answers, and takes no more. */
  readonly redis?: Error | 'full'
  readonly disk?: Error
}

/** Returns where a settlement went in such a world. */
async function store({ mysql, redis, disk }: World): Promise<readonly string[]> {
  const went: string[] = []
  const keep = (where: string, trouble?: Error) => async (_id: string, text: string) => {
    if (trouble !== undefined) throw trouble
    assert.deepEqual(decodeSettlement(text)?.result, RESULT)
    went.push(where)
  }
  const settler = createSettler({
    settlements: {
      async settle() {
        if (mysql !== undefined) throw mysql
        went.push('mysql')
        return true
      },
    },
    stream: {
      async add(text) {
        if (redis === 'full') return false
        await keep('redis', redis)('', text)
        return true
      },
    },
    files: { add: keep('file', disk), putAside: keep('aside', disk) },
    log: pino({ level: 'silent' }),
    now: () => 1234,
  })
  const kept = await settler.store(fakeTurn(), RESULT)
  assert.equal(kept, { mysql: 'stored', aside: 'aside' }[went[0] ?? ''] ?? 'spooled')
  return went
}

test('a settlement goes to exactly one place, the best that there is', async () => {
  assert.deepEqual(await store({}), ['mysql'])
  assert.deepEqual(await store({ mysql: AWAY }), ['redis'])
  assert.deepEqual(await store({ mysql: AWAY, redis: REDIS_AWAY }), ['file'])
  assert.deepEqual(await store({ mysql: AWAY, redis: 'full' }), ['file'])
  assert.deepEqual(await store({ mysql: new Error('Data too long') }), ['aside'])
})

/** Returns a settler whose MySQL does as it is told, and what was done. */
function driven() {
  const asked: ((error?: Error) => void)[] = []
  let spooled = 0
  const clock = { now: 1000 }
  const settler = createSettler({
    settlements: {
      settle: () =>
        new Promise((resolve, reject) => {
          asked.push((error) => (error === undefined ? resolve(true) : reject(error)))
        }),
    },
    stream: {
      async add() {
        spooled += 1
        return true
      },
    },
    files: { add: async () => {}, putAside: async () => {} },
    log: pino({ level: 'silent' }),
    now: () => clock.now,
  })
  const store = () => settler.store(fakeTurn(), RESULT)
  return { store, asked, clock, spooled: () => spooled }
}

test('when many answers end at once a hundred wait for MySQL, and the rest is spooled', async () => {
  const { store, asked, spooled } = driven()
  const all = Array.from({ length: 200 }, store)
  await quiet()
  assert.deepEqual([asked.length, spooled()], [100, 100])
  for (const answer of asked) answer()
  await Promise.all(all)
  const later = store()
  await quiet()
  asked.at(-1)?.()
  await later
  assert.deepEqual([asked.length, spooled()], [101, 100])
})

test('one that waits in vain keeps others from waiting, for a second', async () => {
  const { store, asked, clock, spooled } = driven()
  const all = Array.from({ length: 4 }, store)
  await quiet()
  for (const answer of asked) answer(AWAY)
  await Promise.all(all)
  await store()
  assert.deepEqual([asked.length, spooled()], [4, 5])
  clock.now += 1000
  const later = store()
  await quiet()
  asked.at(-1)?.()
  await later
  assert.deepEqual([asked.length, spooled()], [5, 5])
})

test('only when nothing can keep it the caller has to', async () => {
  const disk = new Error('ENOSPC')
  for (const world of [
    { mysql: AWAY, redis: REDIS_AWAY, disk },
    { mysql: new Error('Data too long'), disk },
  ]) {
    await assert.rejects(
      store(world),
      (error) => error instanceof Failure && error.code === 'storage_unavailable',
    )
  }
})
