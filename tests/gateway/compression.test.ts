import assert from 'node:assert/strict'
import { gunzipSync } from 'node:zlib'
import { signedIn } from '../support/accounts.ts'
import { readEvents, textOf } from '../support/chat-stream.ts'
import { Client } from '../support/client.ts'
import { drainLogs } from '../support/proxy-log.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const GZIP = { 'Accept-Encoding': 'gzip, br' }

async function gunzipped(client: Client, path: string): Promise<string> {
  const response = await client.open(path, { headers: GZIP })
  const bytes = Buffer.concat(await response.toArray())
  assert.equal(response.headers['content-encoding'], 'gzip', path)
  assert.match(String(response.headers.vary), /Accept-Encoding/)
  const text = gunzipSync(bytes)
  assert.ok(bytes.length < text.length * 0.7, `${bytes.length} of ${text.length} bytes`)
  return text.toString('utf8')
}

stackTest('pages go out compressed, and the same as uncompressed', async ({ plan }) => {
  const { client } = await signedIn(plan)
  for (const path of ['/login', '/chat', '/dashboard']) {
    assert.equal(await gunzipped(client, path), (await client.send(path)).text)
  }
})

stackTest('JSON of some size goes out compressed, small answers as they are', async ({ plan }) => {
  const { client } = await signedIn(plan, 'admin')
  for (let count = 0; count < 5; count++) await client.send('/dashboard')
  await drainLogs(plan)
  const list = JSON.parse(await gunzipped(client, '/admin/api/logs'))
  assert.ok(list.items.length > 5)
  const small = await client.send('/api/models', { headers: GZIP })
  assert.equal(small.headers['content-encoding'], undefined)
  assert.ok(Array.isArray(small.json()['models']))
})

stackTest('a page without gzip in Accept-Encoding comes uncompressed', async ({ plan }) => {
  const client = new Client(plan)
  for (const accepted of ['', 'br', 'gzip;q=0']) {
    const answer = await client.send('/login', { headers: { 'Accept-Encoding': accepted } })
    assert.equal(answer.headers['content-encoding'], undefined, accepted)
    assert.match(answer.text, /<\/html>/)
  }
})

stackTest('a streamed answer is neither compressed nor held back', async ({ plan }) => {
  const { client } = await signedIn(plan)
  const response = await client.open('/api/chat', {
    headers: GZIP,
    body: { message: 'standin: text="one two three four" delay=200' },
  })
  assert.equal(response.statusCode, 200)
  assert.match(String(response.headers['content-type']), /^text\/event-stream/)
  assert.equal(response.headers['content-encoding'], undefined)
  const events = []
  for await (const event of readEvents(response)) events.push(event)
  assert.equal(textOf(events, 'content'), 'one two three four')
  const [first, ...others] = events.filter(({ event }) => event === 'content').map(({ at }) => at)
  assert.equal(others.length, 3)
  // Four tokens 200 ms apart: held back, they would all come with the last.
  assert.ok((others.at(-1) ?? 0) - (first ?? 0) > 400, `${first} … ${others.join()} ms`)
})
