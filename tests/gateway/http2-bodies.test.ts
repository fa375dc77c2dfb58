import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:http2'
import type { Plan } from '../../scripts/stack/plan.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

/** Sends a body over HTTP/2, as browsers do; returns status, type and body of the answer. */
async function post(plan: Plan, path: string, body: Buffer) {
  const ca = readFileSync(`${plan.layout.tls}/fullchain.crt`)
  const session = connect(`https://localhost:${plan.settings.httpsPort}`, { ca })
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/json',
    'content-length': String(body.length),
  })
  // The server answers before it has read everything, and then wants no more.
  stream.once('error', () => undefined)
  const answered = once(stream, 'response')
  stream.end(body)
  const [headers] = await answered
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  session.close()
  const type = String(headers['content-type'])
  return { status: headers[':status'], type, text: Buffer.concat(chunks).toString('utf8') }
}

for (const path of ['/login', '/api/chat']) {
  stackTest(
    `a body that is too large for ${path} is a problem over HTTP/2 too`,
    async ({ plan }) => {
      const { status, type, text } = await post(plan, path, Buffer.alloc(400_000, 'x'))
      assert.equal(status, 413)
      assert.match(type, /^application\/problem\+json/)
      assert.equal(JSON.parse(text).code, 'payload_too_large')
    },
    { provokes: /too large body/ },
  )
}
