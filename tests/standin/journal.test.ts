import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { createJournal, type RequestRecord } from './journal.ts'
import { ask, chatBody, KEY, NOW_MS, type RunningStandin, startStandin } from './test-support.ts'

const START = { request_id: null, method: 'GET', path: '/', headers: {} }

async function journal(
  standin: RunningStandin,
  path: string,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${standin.url}/__standin/${path}`)
  return { status: response.status, body: await response.json() }
}

test('a request is recorded with what matters and without its key', async (t) => {
  const standin = await startStandin(t)
  const content = 'standin: delay=0 tokens=3'
  const response = await ask(standin, {
    content,
    headers: { 'x-request-id': 'r1', 'user-agent': 'unit' },
  })
  await response.text()
  await standin.requests.nextEnd({ requestId: 'r1' }, 2000)
  const { body } = await journal(standin, 'requests?request_id=r1')
  const [record] = body as RequestRecord[]
  assert.ok(record)
  assert.equal(record.ordinal, 1)
  assert.equal(record.path, '/chat/completions')
  assert.equal(record.headers['authorization'], '****1234')
  assert.equal(record.headers['user-agent'], 'unit')
  assert.deepEqual(record.body, JSON.parse(chatBody(content, { stream: true })))
  assert.equal(record.started_ms, NOW_MS)
  assert.equal(record.ended_ms, NOW_MS)
  assert.equal(record.status, 200)
  assert.equal(record.ended, 'complete')
  assert.equal(record.finished, true)
  assert.deepEqual(record.tokens_sent, { reasoning: 0, content: 3 })
  assert.equal(record.usage?.completion_tokens, 3)
  assert.equal(record.usage_reported, true)
  assert.equal(JSON.stringify(body).includes(KEY), false)
})

test('a client that leaves stops production at once', async (t) => {
  const standin = await startStandin(t)
  const abort = new AbortController()
  const response = await ask(standin, {
    content: 'standin: delay=100 tokens=100000',
    headers: { 'x-request-id': 'gone' },
    signal: abort.signal,
  })
  let received = ''
  for await (const chunk of response.body ?? []) {
    received += Buffer.from(chunk).toString()
    if (received.split('data: ').length > 4) break
  }
  abort.abort()
  const { body } = await journal(standin, 'requests/next-end?request_id=gone&timeout=2000')
  const record = body as RequestRecord
  assert.equal(record.ended, 'client_closed')
  assert.equal(record.finished, false)
  const events = received.split('data: ').length - 1
  const sent = record.tokens_sent.content
  assert.ok(sent >= events - 1 && sent <= events + 2, `${sent} tokens sent, ${events} events read`)
})

test('a client that does not read holds production back', async (t) => {
  const standin = await startStandin(t)
  const body = chatBody('standin: delay=0 tokens=1000000', { stream: true })
  const socket = connect(standin.port, '127.0.0.1')
  socket.pause()
  socket.write(
    `POST /chat/completions HTTP/1.1\r\nHost: x\r\nX-Request-Id: slow\r\n` +
      `Authorization: Bearer ${KEY}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  // The socket's buffers are full once the count stands still over several looks.
  let sent = -1
  for (let same = 0; same < 5; ) {
    await journal(standin, 'requests')
    await new Promise((resolve) => setTimeout(resolve, 10))
    const now = standin.requests.list({ requestId: 'slow' })[0]?.tokens_sent.content ?? 0
    same = now > 0 && now === sent ? same + 1 : 0
    sent = now
  }
  assert.ok(sent < 1_000_000, `${sent} tokens sent to a client that reads none`)
  socket.destroy()
  const record = await standin.requests.nextEnd({ requestId: 'slow' }, 2000)
  assert.equal(record?.ended, 'client_closed')
})

test('a client that leaves while it sends its request is recorded', async (t) => {
  const standin = await startStandin(t)
  const socket = connect(standin.port, '127.0.0.1')
  socket.write(
    'POST /chat/completions HTTP/1.1\r\nHost: x\r\nX-Request-Id: half\r\nContent-Length: 9\r\n\r\n{',
  )
  while (standin.requests.list({ requestId: 'half' }).length === 0) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  socket.destroy()
  const record = await standin.requests.nextEnd({ requestId: 'half' }, 2000)
  assert.equal(record?.ended, 'client_closed')
  assert.equal(record?.status, null)
})

test('next-end waits for the end it was asked about', async (t) => {
  const standin = await startStandin(t)
  const waiting = journal(standin, 'requests/next-end?request_id=late&timeout=5000')
  await (await ask(standin, { headers: { 'x-request-id': 'other' } })).text()
  await (await ask(standin, { headers: { 'x-request-id': 'late' } })).text()
  assert.equal(((await waiting).body as RequestRecord).request_id, 'late')
  const retried = journal(standin, 'requests/next-end?request_id=late&after=2&timeout=5000')
  await (await ask(standin, { headers: { 'x-request-id': 'late' } })).text()
  assert.equal(((await retried).body as RequestRecord).ordinal, 3)
})

test('next-end gives up after its timeout and refuses a bad one', async (t) => {
  const standin = await startStandin(t)
  assert.equal((await journal(standin, 'requests/next-end?request_id=x&timeout=5')).status, 504)
  assert.equal((await journal(standin, 'requests/next-end?timeout=soon')).status, 400)
  assert.equal((await journal(standin, 'nothing')).status, 404)
})

test('clearing forgets the requests but not the count', async (t) => {
  const standin = await startStandin(t)
  await (await ask(standin)).text()
  const cleared = await fetch(`${standin.url}/__standin/requests`, { method: 'DELETE' })
  assert.equal(cleared.status, 204)
  assert.deepEqual((await journal(standin, 'requests')).body, [])
  await (await ask(standin)).text()
  assert.equal(standin.requests.list()[0]?.ordinal, 2)
  assert.deepEqual((await journal(standin, 'health')).body, { status: 'ok' })
})

test('the journal keeps the newest 1000', () => {
  const requests = createJournal(() => 0)
  for (let count = 0; count < 1005; count += 1) requests.open(START)
  assert.equal(requests.list().length, 1000)
  assert.equal(requests.list()[0]?.ordinal, 6)
  assert.equal(requests.list({ after: 1003 }).length, 2)
})
