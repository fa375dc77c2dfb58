import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, dataLines, endOf, KEY, startStandin } from './test-support.ts'

/** Reads a stream until it ends or breaks; `broken` tells which. */
async function readAll(response: Response): Promise<{ text: string; broken: boolean }> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true })
    return { text, broken: false }
  } catch {
    return { text, broken: true }
  }
}

test('cut ends the answer properly, without finish chunk and [DONE]', async (t) => {
  const standin = await startStandin(t)
  const response = await ask(standin, { content: 'standin: delay=0 tokens=5 cut=2' })
  assert.equal(response.headers.get('connection'), 'close')
  const answer = await readAll(response)
  assert.equal(answer.broken, false)
  assert.equal(dataLines(answer.text).length, 3)
  assert.doesNotMatch(answer.text, /"stop"|\[DONE\]/)
  const record = await endOf(standin, 1)
  assert.equal(record.ended, 'cut')
  assert.deepEqual(record.tokens_sent, { reasoning: 0, content: 2 })
  assert.equal(record.usage?.completion_tokens, 5)
  assert.equal(record.usage_reported, false)
})

test('cut=0 is status 200 with an empty body', async (t) => {
  const standin = await startStandin(t)
  const answer = await readAll(await ask(standin, { content: 'standin: cut=0' }))
  assert.deepEqual(answer, { text: '', broken: false })
})

test('reset breaks the connection after so many tokens', async (t) => {
  const standin = await startStandin(t)
  const response = await ask(standin, { content: 'standin: delay=0 tokens=5 reset=3' })
  const answer = await readAll(response)
  assert.equal(answer.broken, true)
  assert.equal(dataLines(answer.text).length, 4)
  const record = await endOf(standin, 1)
  assert.equal(record.ended, 'reset')
  assert.equal(record.finished, false)
  assert.equal(record.tokens_sent.content, 3)
})

test('with finish a fault comes after the finish chunk, before [DONE]', async (t) => {
  const standin = await startStandin(t)
  const expected = { cut: 'cut', reset: 'reset', error: 'error_event' }
  for (const [index, [fault, ended]] of Object.entries(expected).entries()) {
    const content = `standin: delay=0 text="Hi there" ${fault}=finish`
    const { text, broken } = await readAll(await ask(standin, { content }))
    const lines = dataLines(text)
    assert.match(lines[3] ?? '', /"finish_reason":"stop".*"completion_tokens":2,/)
    assert.equal(lines.length, fault === 'error' ? 5 : 4)
    assert.doesNotMatch(text, /\[DONE\]/)
    assert.equal(broken, fault === 'reset')
    const record = await endOf(standin, index + 1)
    assert.deepEqual([record.ended, record.usage_reported], [ended, true])
  }
  // Usage in a chunk of its own would have come after the fault.
  const extra = 'standin: delay=0 text=Hi usage=extra cut=finish'
  const { text } = await readAll(await ask(standin, { content: extra }))
  assert.doesNotMatch(text, /"usage"/)
  assert.equal((await endOf(standin, 4)).usage_reported, false)
})

test('stall=finish stays open behind the finish chunk', async (t) => {
  const standin = await startStandin(t)
  const abort = new AbortController()
  const content = 'standin: delay=0 text=Hi stall=finish keepalive=0.01'
  const response = await ask(standin, { content, signal: abort.signal })
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString()
    if (/"stop"[\s\S]*: keep-alive\n\n: keep-alive/.test(text)) break
  }
  abort.abort()
  assert.equal((await endOf(standin, 1)).ended, 'client_closed')
})

test('a cut may fall into a tool call', async (t) => {
  const standin = await startStandin(t)
  const fields = { tools: [{ type: 'function', function: { name: 'clock' } }] }
  const content = 'standin: delay=0 tools=2 cut=3'
  const { text } = await readAll(await ask(standin, { content, fields }))
  // The opening of the answer, of both calls, and three pieces of arguments.
  assert.equal(dataLines(text).length, 6)
  assert.equal((await endOf(standin, 1)).tool_tokens_sent, 3)
})

test('error sends an error event and nothing after it', async (t) => {
  const standin = await startStandin(t)
  const answer = await readAll(await ask(standin, { content: 'standin: delay=0 tokens=5 error=1' }))
  assert.equal(answer.broken, false)
  const lines = dataLines(answer.text)
  assert.equal(lines.length, 3)
  assert.deepEqual(JSON.parse(lines[2] ?? ''), {
    error: {
      message: 'Server Error',
      type: 'unknown_error',
      param: null,
      code: 'invalid_request_error',
    },
  })
  assert.equal((await endOf(standin, 1)).ended, 'error_event')
})

test('stall stops after so many tokens; keep-alives fill the silence', async (t) => {
  const standin = await startStandin(t)
  const abort = new AbortController()
  const response = await ask(standin, {
    content: 'standin: delay=0 tokens=5 stall=2 keepalive=0.01',
    signal: abort.signal,
  })
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString()
    if (text.split(': keep-alive\n\n').length > 3) break
  }
  abort.abort()
  assert.equal(dataLines(text).length, 3)
  const record = await endOf(standin, 1)
  assert.equal(record.ended, 'client_closed')
  assert.equal(record.tokens_sent.content, 2)
})

test('keep-alives are comments in a stream and empty lines before a whole answer', async (t) => {
  const standin = await startStandin(t)
  const content = 'standin: delay=0 tokens=1 first=60 keepalive=0.02'
  const stream = await (await ask(standin, { content })).text()
  assert.match(stream, /^(: keep-alive\n\n)+data: /)
  const whole = await (await ask(standin, { content, fields: { stream: false } })).text()
  assert.match(whole, /^\n+\{"id"/)
})

test('without keepalive nothing comes before the first token', async (t) => {
  const standin = await startStandin(t)
  const content = 'standin: delay=0 tokens=1 first=30'
  assert.match(await (await ask(standin, { content })).text(), /^data: /)
})

test('pauses are kept: headers, first token and every further one', async (t) => {
  const standin = await startStandin(t)
  const began = performance.now()
  const response = await ask(standin, {
    content: 'standin: headers=40 first=40 delay=10 tokens=5',
  })
  const headersAfter = performance.now() - began
  await response.text()
  const endAfter = performance.now() - began
  assert.ok(headersAfter >= 39, `headers after ${headersAfter} ms`)
  assert.ok(endAfter >= 119, `end after ${endAfter} ms`)
})

test('a whole answer can be cut, reset and failed too', async (t) => {
  const standin = await startStandin(t)
  const whole = (fault: string) =>
    ask(standin, {
      content: `standin: delay=0 tokens=5 ${fault}`,
      fields: { stream: false },
    })
  assert.equal(await (await whole('cut=1')).text(), '')
  assert.equal((await endOf(standin, 1)).ended, 'cut')
  await assert.rejects(whole('reset=1'))
  assert.equal((await endOf(standin, 2)).ended, 'reset')
  assert.equal((await whole('error=1')).status, 500)
  assert.equal((await endOf(standin, 3)).ended, 'error_status')
})

test('every scripted status has its body', async (t) => {
  const standin = await startStandin(t)
  const expected: readonly [number, RegExp][] = [
    [400, /^Invalid max_tokens value/],
    [401, new RegExp(`^Authentication Fails, Your api key: \\*{4}${KEY.slice(-4)} is invalid$`)],
    [402, /^Insufficient Balance$/],
    [422, /^Invalid Parameters$/],
    [429, /^Your current concurrency is 40, which exceeds your concurrency limit of 39 based/],
    [500, /^Server Error$/],
    [503, /^Server Overloaded$/],
  ]
  for (const [index, [status, message]] of expected.entries()) {
    const response = await ask(standin, { content: `standin: status=${status} retry_after=7` })
    assert.equal(response.status, status)
    assert.equal(response.headers.get('retry-after'), '7')
    const body = (await response.json()) as { error: { message: string; code: string } }
    assert.match(body.error.message, message)
    assert.equal(body.error.code, 'invalid_request_error')
    assert.deepEqual(Object.keys(body.error), ['message', 'type', 'param', 'code'])
    assert.equal((await endOf(standin, index + 1)).ended, 'error_status')
  }
  const plain = await ask(standin, { content: 'standin: status=429' })
  assert.equal(plain.headers.get('retry-after'), null)
})

test('status=502 is a page of HTML, status=200 a blank body', async (t) => {
  const standin = await startStandin(t)
  const page = await ask(standin, { content: 'standin: status=502' })
  assert.equal(page.headers.get('content-type'), 'text/html')
  assert.match(await page.text(), /^<html>/)
  const blank = await ask(standin, { content: 'standin: status=200' })
  assert.equal((await blank.text()).trim(), '')
})
