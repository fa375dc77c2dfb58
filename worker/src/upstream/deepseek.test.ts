import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { ChatCall, UpstreamEvent } from '../domain/upstream-event.ts'
import type { UpstreamKey } from '../domain/upstream-key.ts'
import { Failure } from '../failure.ts'
import { createDeepSeek } from './deepseek.ts'
import { NotSent } from './http-client.ts'

const CALL: ChatCall = {
  requestId: '0123456789abcdef0123456789abcdef',
  model: 'deepseek-flash',
  messages: [{ role: 'user', content: '你好' }],
  thinking: false,
  effort: 'max',
  user: 'someone',
}
/** Longer than any of these tests. */
const LIMITS = { firstPayloadMs: 60_000, idleMs: 60_000, finishMs: 5000, answerMs: 60_000 }
const SSE = { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Ds-Trace-Id': 'abc123' }

function delta(content: string, finish: string | null = null): string {
  const choices = [{ index: 0, delta: { content }, finish_reason: finish }]
  return `data: ${JSON.stringify({ id: 'x', model: 'deepseek-flash', choices })}\n\n`
}

/** Serves on a free port until the test ends. */
async function serve(t: TestContext, listener: RequestListener) {
  const server: Server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const upstream = createDeepSeek(LIMITS)
  t.after(() => {
    upstream.close()
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const key: UpstreamKey = {
    id: '1',
    alias: 'default',
    secret: 'sk-secret-key',
    baseUrl: `http://127.0.0.1:${port}/v1`,
    weight: 1,
    standin: false,
  }
  return { upstream, key, server }
}

async function textOf(events: AsyncIterable<UpstreamEvent>): Promise<string> {
  let text = ''
  for await (const event of events) text += event.kind === 'chunk' ? event.content : ''
  return text
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  return JSON.parse(Buffer.concat(pieces).toString())
}

function never(): AbortSignal {
  return new AbortController().signal
}

test('a call says what the provider needs to know', async (t) => {
  const seen: { request?: IncomingMessage; body?: unknown } = {}
  const { upstream, key } = await serve(t, async (request, response) => {
    seen.request = request
    seen.body = await bodyOf(request)
    response.writeHead(200, SSE).end(`${delta('Hi')}${delta('', 'stop')}data: [DONE]\n\n`)
  })
  const events: UpstreamEvent[] = []
  for await (const event of upstream.chat(key, CALL, never())) events.push(event)
  assert.deepEqual(events[0], { kind: 'accepted', traceId: 'abc123', keyId: key.id })
  assert.equal(events.length, 3)
  assert.equal(seen.request?.method, 'POST')
  assert.equal(seen.request?.url, '/v1/chat/completions')
  assert.equal(seen.request?.headers.authorization, 'Bearer sk-secret-key')
  assert.equal(seen.request?.headers['x-request-id'], CALL.requestId)
  assert.equal(seen.request?.headers.accept, 'text/event-stream')
  assert.deepEqual(seen.body, {
    model: 'deepseek-flash',
    messages: [{ role: 'user', content: '你好' }],
    stream: true,
    stream_options: { include_usage: true },
    thinking: { type: 'disabled' },
    user_id: 'someone',
  })
})

test('thinking is asked for with its effort', async (t) => {
  const bodies: unknown[] = []
  const { upstream, key } = await serve(t, async (request, response) => {
    bodies.push(await bodyOf(request))
    response.writeHead(200, SSE).end(delta('Hi', 'stop'))
  })
  await textOf(upstream.chat(key, { ...CALL, thinking: true }, never()))
  const [body] = bodies as { thinking: unknown; reasoning_effort: unknown }[]
  assert.deepEqual(body?.thinking, { type: 'enabled' })
  assert.equal(body?.reasoning_effort, 'max')
})

test('an error answer becomes a failure', async (t) => {
  const { upstream, key } = await serve(t, (_, response) => {
    const error = { message: 'Rate limit reached for TPM' }
    response.writeHead(429, { 'Retry-After': '9' }).end(JSON.stringify({ error }))
  })
  await assert.rejects(
    textOf(upstream.chat(key, CALL, never())),
    (error) =>
      error instanceof Failure && error.code === 'upstream_busy' && error.details.retryAfter === 9,
  )
})

test('who does not listen is unavailable, and a redirect is not followed', async (t) => {
  const { upstream, key, server } = await serve(t, (_, response) => {
    response.writeHead(307, { Location: '/elsewhere' }).end()
  })
  const unavailable = (error: unknown) =>
    error instanceof Failure && error.code === 'upstream_unavailable'
  await assert.rejects(textOf(upstream.chat(key, CALL, never())), unavailable)
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  await assert.rejects(textOf(upstream.chat(key, CALL, never())), unavailable)
})

test('a 200 that is no stream is an interruption', async (t) => {
  const { upstream, key } = await serve(t, (_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('\n\n\n')
  })
  await assert.rejects(
    textOf(upstream.chat(key, CALL, never())),
    (error) => error instanceof Failure && error.code === 'upstream_interrupted',
  )
})

test('abort closes the connection while headers or text are awaited', async (t) => {
  for (const sendsHeaders of [false, true]) {
    let arrived: () => void = () => {}
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve
    })
    let left: () => void = () => {}
    const leaving = new Promise<void>((resolve) => {
      left = resolve
    })
    const { upstream, key } = await serve(t, (_, response) => {
      response.on('close', left)
      if (sendsHeaders) response.writeHead(200, SSE).write(delta('half'))
      arrived()
    })
    const abort = new AbortController()
    const reading = assert.rejects(textOf(upstream.chat(key, CALL, abort.signal)), Failure)
    await arrival
    abort.abort()
    await Promise.all([reading, leaving])
  }
})

test('abort after the end harms nothing, and the connection is used again', async (t) => {
  const sockets = new Set<unknown>()
  const { upstream, key } = await serve(t, (request, response) => {
    sockets.add(request.socket)
    response.writeHead(200, SSE).end(`${delta('Hi', 'stop')}data: [DONE]\n\n`)
  })
  for (let i = 0; i < 20; i += 1) {
    const abort = new AbortController()
    assert.equal(await textOf(upstream.chat(key, CALL, abort.signal)), 'Hi')
    abort.abort()
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(sockets.size < 20, `${sockets.size} connections for 20 calls`)
})

test('a pooled connection that the provider closed meanwhile is replaced', async (t) => {
  let chats = 0
  const { upstream, key } = await serve(t, (request, response) => {
    if (request.method === 'GET') return void response.end('{}')
    chats += 1
    // The first chat meets a connection that is reset under it, as on an idle timeout.
    if (chats === 1) request.socket.resetAndDestroy()
    else response.writeHead(200, SSE).end(`${delta('Hi', 'stop')}data: [DONE]\n\n`)
  })
  await upstream.models(key, never())
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(await textOf(upstream.chat(key, CALL, never())), 'Hi')
  assert.equal(chats, 2)
})

test('the list of models is fetched with the key', async (t) => {
  const { upstream, key } = await serve(t, (request, response) => {
    response.end(`${request.url} ${request.headers.authorization}`)
  })
  assert.equal(await upstream.models(key, never()), '/v1/models Bearer sk-secret-key')
})

test('what has left this machine is told from what has not', async (t) => {
  const { upstream, key } = await serve(t, (request) => request.socket.destroy())
  const cut = upstream.chat(key, CALL, never())
  await assert.rejects(
    textOf(cut),
    (error) => error instanceof Failure && !(error instanceof NotSent),
  )
  const nobody = { ...key, baseUrl: 'http://127.0.0.1:9' }
  await assert.rejects(textOf(upstream.chat(nobody, CALL, never())), NotSent)
  // A server that speaks no TLS: the key was not sent.
  const secure = { ...key, baseUrl: key.baseUrl.replace('http:', 'https:') }
  await assert.rejects(textOf(upstream.chat(secure, CALL, never())), NotSent)
})

test('the balance is fetched with the key', async (t) => {
  const { upstream, key } = await serve(t, (request, response) => {
    response.end(`${request.url} ${request.headers.authorization}`)
  })
  assert.equal(await upstream.balance(key, never()), '/v1/user/balance Bearer sk-secret-key')
})
