import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import type { PooledKey } from '../domain/upstream-key.ts'
import { Failure } from '../failure.ts'
import type { OpenedRow } from '../stores/api-keys.ts'
import { createKeyCheck } from './key-check.ts'
import { failureOfAnswer } from './upstream-error.ts'

const KEY: PooledKey = {
  ...{ id: '7', alias: 'default', secret: 'sk-secret-key', baseUrl: 'https://a.example' },
  ...{ weight: 1, standin: false, account: '#7.3', version: 3, fault: null },
}
const MODELS = JSON.stringify({ data: [{ id: 'deepseek-flash' }, { id: 'deepseek-v4-pro' }] })

function balance(isAvailable: boolean): string {
  return JSON.stringify({ is_available: isAvailable, balance_infos: [] })
}

function setUp(due: readonly string[] = []) {
  const world = {
    now: Date.parse('2026-11-30T12:00:00Z'),
    models: MODELS as string | Error,
    balance: balance(true) as string | Error,
    claim: due as readonly string[] | Error,
  }
  const asked: string[] = []
  const refilled: string[] = []
  const give = (value: string | Error): string => {
    if (value instanceof Error) throw value
    return value
  }
  const check = createKeyCheck({
    keys: {
      find: async (id) => (id === '9' ? undefined : ({ key: { ...KEY, id } } as OpenedRow)),
      refill: async ({ id, version }) => refilled.push(`${id}.${version}`),
      claimBalanceChecks: async () => {
        if (world.claim instanceof Error) throw world.claim
        return world.claim
      },
    },
    upstream: {
      models: async () => give(world.models),
      balance: async ({ id }) => {
        asked.push(id)
        return give(world.balance)
      },
    },
    log: pino({ level: 'silent' }),
    now: () => world.now,
  })
  return { world, check, asked, refilled }
}

test('a key that works shows models and balance', async () => {
  const { check } = setUp()
  const { failure, status, latency_ms, models, balance: left } = await check.test(KEY)
  assert.deepEqual([failure, status], [undefined, 200])
  assert.ok(latency_ms !== null && latency_ms >= 0)
  assert.deepEqual(models, ['deepseek-flash', 'deepseek-v4-pro'])
  assert.equal(left?.is_available, true)
})

test('a key that does not work shows why', async () => {
  const { world, check } = setUp()
  world.models = failureOfAnswer(401, '{"error":{"message":"no"}}')
  const refused = await check.test(KEY)
  assert.deepEqual([refused.failure?.code, refused.status], ['upstream_key_rejected', 401])
  world.models = new Failure('upstream_timeout')
  const silent = await check.test(KEY)
  assert.deepEqual([silent.failure?.code, silent.status], ['upstream_timeout', null])
  world.models = MODELS
  world.balance = balance(false)
  assert.equal((await check.test(KEY)).failure?.code, 'upstream_balance')
  world.models = '<html>'
  world.balance = failureOfAnswer(404, '')
  const elsewhere = await check.test(KEY)
  assert.deepEqual([elsewhere.failure?.code, elsewhere.balance], ['upstream_unavailable', null])
})

test('what is not the fault of the provider is not its finding', async () => {
  const { world, check } = setUp()
  world.models = new TypeError('ours')
  await assert.rejects(check.test(KEY), TypeError)
})

test('a balance is kept for a minute; another key in the row is asked about', async () => {
  const { world, check, asked } = setUp()
  assert.equal((await check.balance(KEY))?.checked_at, '2026-11-30T12:00:00.000Z')
  world.now += 59_999
  await check.balance(KEY)
  assert.equal(asked.length, 1)
  await check.balance({ ...KEY, secret: 'sk-another-key' })
  world.now += 1
  await check.balance(KEY)
  assert.equal(asked.length, 3)
})

test('a balance lets the keys of the account back in, none does not', async () => {
  const { world, check, asked, refilled } = setUp(['7', '8', '9'])
  await check.recheck()
  assert.deepEqual(
    [asked, refilled],
    [
      ['7', '8'],
      ['7.3', '8.3'],
    ],
  )
  world.balance = balance(false)
  await check.recheck()
  assert.deepEqual(refilled, ['7.3', '8.3'])
})

test('a check that fails harms nothing', async () => {
  const { world, check, asked } = setUp(['7', '8'])
  world.balance = new Failure('upstream_unavailable')
  await check.recheck()
  assert.deepEqual(asked, ['7', '8'])
  world.claim = new Failure('storage_unavailable')
  await check.recheck()
})
