import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, dataLines, endOf, NOW_MS, startStandin } from './test-support.ts'

const TWO_AND_TWO = 'standin: delay=0 reasoning=2 text="Hi there"'
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/
const THINKING = { thinking: { type: 'enabled' } }
const INCLUDE_USAGE = { stream_options: { include_usage: true } }

/** Checks the fields that all chunks share and returns what is left of each, still as text. */
function strip(lines: readonly string[]): readonly string[] {
  const ids = new Set<string>()
  const rest = lines.map((line) => {
    const match =
      /^\{"id":"([^"]+)","object":"chat\.completion\.chunk","created":(\d+),"model":"deepseek-flash","system_fingerprint":"[0-9a-f]{32}",(.*)\}$/.exec(
        line,
      )
    assert.ok(match, line)
    const [, id = '', created, tail = ''] = match
    assert.match(id, UUID)
    assert.equal(Number(created), NOW_MS / 1000)
    ids.add(id)
    return tail
  })
  assert.equal(ids.size, 1)
  return rest
}

function choice(delta: string, finish = 'null'): string {
  return `"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish}}]`
}

test('a stream without thinking, usage not asked for: it comes on the last chunk only', async (t) => {
  const standin = await startStandin(t)
  const lines = dataLines(await (await ask(standin, { content: TWO_AND_TWO })).text())
  assert.equal(lines.at(-1), '[DONE]')
  assert.deepEqual(strip(lines.slice(0, -1)), [
    choice('{"role":"assistant","content":""}'),
    choice('{"content":"Hi"}'),
    choice('{"content":" there"}'),
    `${choice('{"content":""}', '"stop"')},"usage":{"prompt_tokens":18,"completion_tokens":2,"total_tokens":20,"prompt_tokens_details":{"cached_tokens":0},"prompt_cache_hit_tokens":0,"prompt_cache_miss_tokens":18}`,
  ])
})

test('a stream with thinking and include_usage: every chunk has the key', async (t) => {
  const standin = await startStandin(t)
  const fields = { ...THINKING, ...INCLUDE_USAGE }
  const lines = dataLines(await (await ask(standin, { content: TWO_AND_TWO, fields })).text())
  assert.deepEqual(strip(lines.slice(0, -1)), [
    `${choice('{"role":"assistant","content":null,"reasoning_content":""}')},"usage":null`,
    `${choice('{"content":null,"reasoning_content":"The"}')},"usage":null`,
    `${choice('{"content":null,"reasoning_content":" question"}')},"usage":null`,
    `${choice('{"content":"Hi","reasoning_content":null}')},"usage":null`,
    `${choice('{"content":" there","reasoning_content":null}')},"usage":null`,
    `${choice('{"content":"","reasoning_content":null}', '"stop"')},"usage":{"prompt_tokens":96,"completion_tokens":4,"total_tokens":100,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":2},"prompt_cache_hit_tokens":0,"prompt_cache_miss_tokens":96}`,
  ])
})

test('a whole answer has its own order of keys', async (t) => {
  const standin = await startStandin(t)
  const plain = await (
    await ask(standin, { content: TWO_AND_TWO, fields: { stream: false } })
  ).text()
  const start = `"object":"chat.completion","created":${NOW_MS / 1000},"model":"deepseek-flash",`
  const end = ',"system_fingerprint":"a26a7955944dc5c60445bff77fac9c8e"}'
  assert.equal(
    plain.replace(/^\{"id":"[^"]+",/, ''),
    `${start}"choices":[{"index":0,"message":{"role":"assistant","content":"Hi there"},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":18,"completion_tokens":2,"total_tokens":20,"prompt_tokens_details":{"cached_tokens":0},"prompt_cache_hit_tokens":0,"prompt_cache_miss_tokens":18}${end}`,
  )
  const fields = { ...THINKING, stream: false, model: 'deepseek-v4-flash' }
  const thought = await (await ask(standin, { content: TWO_AND_TWO, fields })).text()
  assert.equal(
    thought.replace(/^\{"id":"[^"]+",/, '').replace(/,"usage".*$/, ''),
    `${start}"choices":[{"index":0,"message":{"role":"assistant","content":"Hi there","reasoning_content":"The question"},"logprobs":null,"finish_reason":"stop"}]`,
  )
})

const TOOLS = { tools: [{ type: 'function', function: { name: 'clock' } }] }
const TWO_CALLS = 'standin: delay=0 tools=2 text=Hm'
const CALL_ID = /"id":"call_0[01]_[A-Za-z0-9]{20}"/g

test('tool calls come piece by piece after the text, each with an index and an id', async (t) => {
  const standin = await startStandin(t)
  const lines = dataLines(await (await ask(standin, { content: TWO_CALLS, fields: TOOLS })).text())
  assert.equal(lines.at(-1), '[DONE]')
  const seen = strip(lines.slice(0, -1))
  const ids = seen.flatMap((line) => line.match(CALL_ID) ?? [])
  assert.equal(new Set(ids).size, 2)
  const call = (index: number) =>
    `{"tool_calls":[{"index":${index},${ids[index]},"type":"function","function":{"name":"clock","arguments":""}}]}`
  const piece = (index: number, text: string) =>
    `{"tool_calls":[{"index":${index},"function":{"arguments":"${text}"}}]}`
  assert.deepEqual(
    seen.slice(0, -1),
    [
      '{"role":"assistant","content":""}',
      '{"content":"Hm"}',
      ...[0, 1].flatMap((index) => [call(index), piece(index, '{'), piece(index, '}')]),
    ].map((delta) => choice(delta)),
  )
  assert.ok(seen.at(-1)?.startsWith(choice('{"content":""}', '"tool_calls"')), seen.at(-1))
  assert.match(seen.at(-1) ?? '', /"completion_tokens":73,/)
  const record = await endOf(standin, 1)
  assert.deepEqual(record.tokens_sent, { reasoning: 0, content: 1 })
  assert.equal(record.tool_tokens_sent, 4)
})

test('tool calls of a whole answer stand in its message', async (t) => {
  const standin = await startStandin(t)
  const fields = { ...TOOLS, ...THINKING, stream: false }
  const content = `${TWO_CALLS} reasoning=1`
  const text = await (await ask(standin, { content, fields })).text()
  const call = (index: number) =>
    `{"index":${index},ID,"type":"function","function":{"name":"clock","arguments":"{}"}}`
  assert.ok(
    text
      .replaceAll(CALL_ID, 'ID')
      .includes(
        `"message":{"role":"assistant","content":"Hm","reasoning_content":"The","tool_calls":[${call(0)},${call(1)}]},"logprobs":null,"finish_reason":"tool_calls"`,
      ),
    text,
  )
})

test('logprobs stand beside the token that they are of', async (t) => {
  const standin = await startStandin(t)
  const entry = (token: string, logprob: number, bytes: string, top = '') =>
    `{"token":"${token}","logprob":${logprob},"bytes":[${bytes}],"top_logprobs":[${top}]}`
  const hi = entry('Hi', -0.77, '72,105')
  const content = 'standin: delay=0 reasoning=1 text=Hi'
  const fields = { logprobs: true }
  const plain = await (await ask(standin, { content, fields })).text()
  assert.ok(plain.includes(`"delta":{"content":"Hi"},"logprobs":{"content":[${hi}]}`), plain)
  const thought = await (await ask(standin, { content, fields: { ...fields, ...THINKING } })).text()
  const the = entry('The', -0.89, '84,104,101')
  for (const probs of [
    `"logprobs":{"content":null,"reasoning_content":[${the}]}`,
    `"logprobs":{"content":[${hi}],"reasoning_content":null}`,
  ]) {
    assert.ok(thought.includes(probs), thought)
  }
  const both = { ...fields, top_logprobs: 2, stream: false }
  const whole = await (await ask(standin, { content, fields: both })).text()
  const first = '{"token":"Hi","logprob":-0.77,"bytes":[72,105]}'
  const second = '{"token":"Hi~1","logprob":-1.77,"bytes":[72,105,126,49]}'
  const top = entry('Hi', -0.77, '72,105', `${first},${second}`)
  assert.ok(whole.includes(`"logprobs":{"content":[${top}]}`), whole)
})

test('headers are those seen from the provider', async (t) => {
  const standin = await startStandin(t)
  const stream = await ask(standin)
  await stream.text()
  assert.equal(stream.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  assert.equal(stream.headers.get('cache-control'), 'no-cache')
  assert.match(stream.headers.get('x-ds-trace-id') ?? '', /^[0-9a-f]{32}$/)
  assert.equal(stream.headers.get('x-request-id'), null)
  const whole = await ask(standin, { fields: { stream: false } })
  await whole.text()
  assert.equal(whole.headers.get('content-type'), 'application/json')
  assert.equal(whole.headers.get('transfer-encoding'), 'chunked')
  assert.equal(
    whole.headers.get('vary'),
    'origin, access-control-request-method, access-control-request-headers',
  )
  assert.equal(whole.headers.get('x-content-type-options'), 'nosniff')
  assert.equal(whole.headers.get('server'), 'elb')
})

test('the same requests to two fresh stand-ins get the same bytes; a repeat gets another id', async (t) => {
  const runs: string[][] = []
  for (let run = 0; run < 2; run += 1) {
    const standin = await startStandin(t)
    const first = await (await ask(standin)).text()
    runs.push([first, await (await ask(standin)).text()])
  }
  assert.deepEqual(runs[0], runs[1])
  assert.notEqual(runs[0]?.[0], runs[0]?.[1])
})

test('usage=none, early and extra', async (t) => {
  const standin = await startStandin(t)
  async function usages(mode: string, fields: object): Promise<readonly unknown[]> {
    const content = `standin: delay=0 text=Hi usage=${mode}`
    const lines = dataLines(await (await ask(standin, { content, fields })).text())
    return lines.slice(0, -1).map((line) => {
      const chunk = JSON.parse(line) as {
        usage?: { completion_tokens: number }
        choices: unknown[]
      }
      return [chunk.choices.length, chunk.usage?.completion_tokens ?? chunk.usage]
    })
  }
  assert.deepEqual(await usages('none', {}), [
    [1, undefined],
    [1, undefined],
    [1, undefined],
  ])
  assert.deepEqual(await usages('none', INCLUDE_USAGE), [
    [1, null],
    [1, null],
    [1, null],
  ])
  assert.deepEqual(await usages('early', INCLUDE_USAGE), [
    [1, 0],
    [1, null],
    [1, 1],
  ])
  assert.deepEqual(await usages('extra', INCLUDE_USAGE), [
    [1, null],
    [1, null],
    [1, null],
    [0, 1],
  ])
  const whole = await ask(standin, {
    content: 'standin: delay=0 usage=none',
    fields: { stream: false },
  })
  assert.equal('usage' in ((await whole.json()) as object), false)
})

test('a repeated prompt is partly cached, and hit and miss make the prompt', async (t) => {
  const standin = await startStandin(t)
  const content = `${'long '.repeat(100)}\nstandin: delay=0 text=Hi`
  await (await ask(standin, { content, fields: { stream: false } })).text()
  const second = await ask(standin, { content, fields: { stream: false } })
  const { usage } = (await second.json()) as { usage: Record<string, unknown> }
  assert.equal(usage['prompt_tokens'], 162)
  assert.equal(usage['prompt_cache_hit_tokens'], 128)
  assert.equal(usage['prompt_cache_miss_tokens'], 34)
  assert.deepEqual(usage['prompt_tokens_details'], { cached_tokens: 128 })
})

test('finish and an empty text', async (t) => {
  const standin = await startStandin(t)
  const content = 'standin: delay=0 text="" finish=insufficient_system_resource'
  const lines = dataLines(await (await ask(standin, { content })).text())
  assert.equal(lines.length, 3)
  assert.match(lines[0] ?? '', /"role":"assistant"/)
  assert.match(lines[1] ?? '', /"finish_reason":"insufficient_system_resource"/)
})
