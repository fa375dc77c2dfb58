import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OpenAiError } from '#contract/openai-error.ts'
import { createApp } from '../app.ts'
import type { Deps } from '../deps.ts'
import { chunk, fakePorts, fakeStore } from '../domain/generation-fakes.ts'
import { createProgramCalls } from '../domain/program-calls.ts'
import type { QuotaRequest } from '../domain/quota.ts'
import type { ChatChunk, ForwardCall } from '../domain/upstream-event.ts'
import { Failure } from '../failure.ts'
import { fakeDeps, gateHeaders, jsonOf, NOW } from '../fake-deps.ts'
import type { ProgramQuestion } from '../stores/program-usage.ts'

const ID = 'a'.repeat(32)
const SLOT = 'streams'
const HEADERS = {
  ...gateHeaders(),
  'X-Gate-User': '2',
  'X-Gate-Token': '7',
  'X-Gate-Slot': SLOT,
  'X-Request-Id': ID,
  'Content-Type': 'application/json',
}
const ANSWER = '{"choices":[]}'

/** A worker whose model answers at once. */
function setUp(parts: Partial<Deps> = {}) {
  const asked: QuotaRequest[] = []
  const opened: ProgramQuestion[] = []
  const sent: ForwardCall[] = []
  const given: string[] = []
  const base = fakeDeps()
  const { kind: _, ...said } = chunk({ finishReason: 'stop' }) as ChatChunk & { kind: string }
  const app = createApp({
    ...base,
    keys: { ...base.keys, pick: async () => ({ id: '5' }) as never },
    prices: {
      book: async () => ({
        rows: [],
        aliases: new Map([['old', 'deepseek-flash']]),
        holidays: new Set(),
      }),
    },
    quotas: {
      ...base.quotas,
      async reserve(request) {
        asked.push(request)
        return { maxTokens: 99, tokens: 5, cost: '0.1', at: NOW }
      },
      release: async (id) => void given.push(id),
    },
    tokenTerms: { of: async () => ({ models: null }), forget: () => {} },
    programUsage: { open: async (question) => void opened.push(question) },
    programCalls: createProgramCalls({
      ...fakePorts(() => assert.fail(), fakeStore().store),
      slots: base.slots,
      running: base.running,
      patienceMs: 1000,
      onStart: () => {},
      async *call(_key, call) {
        sent.push(call)
        yield { kind: 'accepted', traceId: null, keyId: '5' }
        yield { kind: 'end', bytes: Buffer.from(ANSWER), chunks: [said] }
      },
    }),
    ...parts,
  })
  const ask = (body: unknown) =>
    app.request('/v1/chat/completions', {
      method: 'POST',
      headers: HEADERS,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  return { ask, asked, opened, sent, given, slotMoves: base.slotMoves }
}

const BODY = { model: 'old', messages: [{ role: 'user', content: 'hi' }] }

test('a call is reserved, written down and bounded by what was reserved', async () => {
  const { ask, asked, opened, sent, slotMoves } = setUp()
  const response = await ask({ ...BODY, max_tokens: 500, max_completion_tokens: 400 })
  assert.deepEqual([response.status, await response.text()], [200, ANSWER])
  const [{ model, maxTokens, token, uid, promptBytes } = {} as QuotaRequest] = asked
  assert.deepEqual([model, maxTokens, token, uid], ['deepseek-flash', 400, '7', '2'])
  assert.ok(promptBytes > 50)
  const [row] = opened
  assert.deepEqual(
    [row?.requestId, row?.token, row?.apiKeyId, row?.model, row?.reserved.cost],
    [ID, '7', '5', 'old', '0.1'],
  )
  const { max_tokens, max_completion_tokens, ...rest } = JSON.parse(sent[0]?.body ?? '')
  assert.deepEqual(
    [max_tokens, max_completion_tokens, rest.model],
    [99, undefined, 'deepseek-flash'],
  )
  assert.deepEqual(slotMoves, [`+${SLOT}`, `-${SLOT}`])
})

test('what is reserved is given back if the row cannot be written', async () => {
  const open = () => Promise.reject(new Failure('storage_unavailable'))
  const { ask, given, sent, slotMoves } = setUp({ programUsage: { open } })
  const response = await ask(BODY)
  assert.equal(response.status, 503)
  assert.equal((await jsonOf<OpenAiError>(response)).error.code, 'storage_unavailable')
  assert.deepEqual([given, sent, slotMoves], [[ID], [], [`-${SLOT}`]])
})

test('whoever has no quota left is refused before anything is stored', async () => {
  const quotas = {
    ...fakeDeps().quotas,
    reserve: () => Promise.reject(new Failure('rate_limited', { retryAfter: 40_000 })),
    release: async () => {},
  }
  const { ask, opened } = setUp({ quotas })
  const response = await ask(BODY)
  assert.deepEqual([response.status, response.headers.get('Retry-After')], [429, '40000'])
  // OpenAI's client would sleep as long.
  assert.equal(response.headers.get('X-Should-Retry'), 'false')
  assert.deepEqual(opened, [])
})

test('odd bodies are refused with the name of what is wrong, or passed on', async () => {
  const { ask, sent } = setUp()
  const refused = async (body: unknown) => {
    const response = await ask(body)
    assert.equal(response.status, 400)
    return (await jsonOf<OpenAiError>(response)).error.param
  }
  assert.equal(await refused('{"model":"old","model":"old","messages":[{"role":"user"}]}'), 'model')
  const options = '{"include_usage":false,"include_usage":true}'
  const twice = `{"model":"old","messages":[{"role":"user"}],"stream":true,"stream_options":${options}}`
  assert.equal(await refused(twice), 'include_usage')
  assert.equal(await refused('[]'), null)
  assert.equal(await refused('{"model":"old"'), null)
  assert.equal(await refused({ ...BODY, messages: [] }), 'messages')
  assert.equal(await refused({ ...BODY, max_tokens: 2 ** 31 }), 'max_tokens')
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
  const odd = `{"model":"old","messages":[{"role":"user","content":"a"}],"tools":${deep},"x":1e400}`
  assert.equal((await ask(odd)).status, 200)
  assert.ok(sent.at(-1)?.body.includes(`"tools":${deep},"x":1e400`))
})
