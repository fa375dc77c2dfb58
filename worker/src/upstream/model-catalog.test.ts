import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { DEFAULT_WINDOW } from '../domain/conversation-context.ts'
import type { UpstreamKey } from '../domain/upstream-key.ts'
import { Failure } from '../failure.ts'
import { createModelCatalog } from './model-catalog.ts'
import { FALLBACK_MODELS } from './model-list.ts'

const WINDOW = { context_window: 1_048_576, max_output_tokens: 393_216 }

function setUp() {
  const world = {
    now: 0,
    asked: 0,
    key: { baseUrl: 'https://a.example' } as UpstreamKey | undefined,
    answer: '{"data":[{"id":"new-model"}]}' as string | Failure,
  }
  const catalog = createModelCatalog({
    keys: {
      async peek() {
        if (world.key === undefined) throw new Failure('no_upstream_key')
        return world.key
      },
    },
    upstream: {
      async models() {
        world.asked += 1
        if (world.answer instanceof Failure) throw world.answer
        return world.answer
      },
    },
    log: pino({ level: 'silent' }),
    now: () => world.now,
  })
  return { world, catalog }
}

test("the provider's list is kept for ten minutes and asked for once at a time", async () => {
  const { world, catalog } = setUp()
  const [first, second] = await Promise.all([catalog.list(), catalog.list()])
  assert.deepEqual(first, [{ id: 'new-model', name: 'new-model', ...WINDOW, default: true }])
  assert.equal(second, first)
  world.now = 599_999
  await catalog.list()
  assert.equal(world.asked, 1)
  world.now = 600_000
  await catalog.list()
  assert.equal(world.asked, 2)
})

test('while the provider fails the last good list stays, and it is left alone for a while', async () => {
  const { world, catalog } = setUp()
  world.answer = new Failure('upstream_unavailable')
  assert.equal(await catalog.list(), FALLBACK_MODELS)
  await catalog.list()
  assert.equal(world.asked, 1)
  world.now = 30_000
  world.answer = '{"data":[{"id":"new-model"}]}'
  assert.equal((await catalog.list())[0]?.id, 'new-model')
  world.now = 1_000_000
  world.answer = new Failure('upstream_unavailable')
  assert.equal((await catalog.list())[0]?.id, 'new-model')
})

test('the window of a model is what the provider tells, else the usual one', async () => {
  const { world, catalog } = setUp()
  world.answer = '{"data":[{"id":"small","context_window":9000,"max_output_tokens":1000}]}'
  assert.deepEqual(catalog.window('small'), DEFAULT_WINDOW)
  await catalog.list()
  assert.deepEqual(catalog.window('small'), { contextTokens: 9000, maxOutputTokens: 1000 })
  assert.deepEqual(catalog.window('other'), DEFAULT_WINDOW)
})

test('a known name is never asked about, an unknown one is', async () => {
  const { world, catalog } = setUp()
  assert.equal(await catalog.has('deepseek-v4-pro'), true)
  assert.equal(world.asked, 0)
  assert.equal(await catalog.has('new-model'), true)
  assert.equal(world.asked, 1)
  assert.equal(await catalog.has('deepseek-v4-pro'), false)
  assert.equal(catalog.defaultId(), 'new-model')
})

test('another server has another list; without a key there is the built-in one', async () => {
  const { world, catalog } = setUp()
  await catalog.list()
  world.key = { ...world.key, baseUrl: 'https://b.example' } as UpstreamKey
  world.answer = new Failure('upstream_unavailable')
  assert.equal(await catalog.list(), FALLBACK_MODELS)
  const empty = setUp()
  empty.world.key = undefined
  assert.equal(await empty.catalog.list(), FALLBACK_MODELS)
  assert.equal(empty.world.asked, 0)
})
