import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { headerBlock } from './http2-frames.ts'
import { Http2Wire } from './http2-wire.ts'

const LONG = 'x'.repeat(300)

/** Starts Node's own HTTP/2 server; returns a wire to it that sends `body`. */
async function wireTo(t: TestContext, server: Http2Server, body = 'question'): Promise<Http2Wire> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const block = headerBlock('POST', '/api/chat', 'localhost', { Cookie: LONG })
  const wire = new Http2Wire(() => connect(port, '127.0.0.1'), block, Buffer.from(body))
  t.after(() => {
    wire.close()
    server.close()
  })
  return wire
}

async function textOf(wire: Http2Wire): Promise<readonly [status: number, text: string]> {
  const chunks: Buffer[] = []
  const status = await wire.ask((chunk) => chunks.push(chunk))
  return [status, Buffer.concat(chunks).toString('utf8')]
}

async function echo(stream: ServerHttp2Stream, headers: Readonly<Record<string, unknown>>) {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  const told = [headers[':method'], headers[':path'], headers['cookie'] === LONG]
  stream.respond({ ':status': 200 })
  stream.write(`${told.join(' ')} `)
  setImmediate(() => stream.end(Buffer.concat(chunks)))
}

test('requests on one connection are answered in turn', async (t) => {
  const server = createServer().on('stream', echo)
  let connections = 0
  server.on('session', () => {
    connections += 1
  })
  const wire = await wireTo(t, server)
  for (let count = 0; count < 3; count++) {
    assert.deepEqual(await textOf(wire), [200, 'POST /api/chat true question'])
  }
  assert.equal(connections, 1)
})

test('more than the first window of an answer is taken', async (t) => {
  const text = 'y'.repeat(1_000_000)
  const server = createServer().on('stream', (stream) => stream.end(text))
  const [status, got] = await textOf(await wireTo(t, server))
  assert.equal(status, 200)
  assert.equal(got.length, text.length)
})

test('other statuses of the static table are read', async (t) => {
  const server = createServer().on('stream', (stream) => {
    stream.respond({ ':status': 404 }, { endStream: true })
  })
  assert.deepEqual(await textOf(await wireTo(t, server)), [404, ''])
})

test('a connection that says goodbye is followed by another', async (t) => {
  const server = createServer().on('stream', (stream) => {
    stream.session?.close()
    stream.end('ok')
  })
  const wire = await wireTo(t, server)
  assert.deepEqual(await textOf(wire), [200, 'ok'])
  assert.deepEqual(await textOf(wire), [200, 'ok'])
})

test('a stream that is reset and a connection that breaks are told', async (t) => {
  let count = 0
  const server = createServer().on('stream', (stream) => {
    count += 1
    if (count === 1) stream.close(2)
    else stream.session?.destroy()
    stream.on('error', () => undefined)
  })
  const wire = await wireTo(t, server)
  await assert.rejects(textOf(wire), /reset with code 2/)
  await assert.rejects(textOf(wire), /closed|ECONNRESET/)
})
