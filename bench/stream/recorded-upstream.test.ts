import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { chatBody, startStandin } from '../../tests/standin/test-support.ts'
import { questionFor } from './question.ts'
import { recordAnswer } from './recorded-answer.ts'
import { createRecordedUpstream } from './recorded-upstream.ts'

/** Returns the URLs of both. */
async function startBoth(t: TestContext) {
  const standin = await startStandin(t)
  const upstream = createRecordedUpstream()
  const port = await upstream.listen(0)
  t.after(() => upstream.close())
  return { standin: standin.url, upstream: `http://127.0.0.1:${port}` }
}

function ask(url: string, message: string, stream: boolean): Promise<Response> {
  const more = stream ? { stream, stream_options: { include_usage: true } } : { stream }
  return fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-test', 'content-type': 'application/json' },
    body: chatBody(message, more),
  })
}

/** What is new in each answer has the same length in all. */
function comparable(text: string): string {
  return text.replace(/"id":"[0-9a-f-]{36}"/g, '"id":""').replace(/"created":\d+/g, '"created":0')
}

for (const stream of [true, false]) {
  const kind = stream ? 'streamed' : 'whole'
  for (const delayMs of [0, 2]) {
    test(`a ${kind} answer with a delay of ${delayMs} ms has the stand-in's bytes`, async (t) => {
      const { standin, upstream } = await startBoth(t)
      const message = questionFor(20, delayMs)
      const original = await ask(standin, message, stream)
      const expected = comparable(await original.text())
      // The second one is given from what was taken down for the first.
      for (let count = 0; count < 2; count++) {
        const answer = await ask(upstream, message, stream)
        assert.equal(answer.status, 200)
        assert.equal(answer.headers.get('content-type'), original.headers.get('content-type'))
        assert.equal(comparable(await answer.text()), expected)
      }
    })
  }
}

test('each piece of a recording holds one delta, and all of them the answer', async (t) => {
  const { standin } = await startBoth(t)
  const message = questionFor(5, 0)
  const body = { ...JSON.parse(chatBody(message)), stream: true }
  const { pieces, whole } = await recordAnswer(standin, body)
  const counts = pieces.map((piece) => piece.toString().match(/"content":"[^"]/g)?.length)
  assert.deepEqual(counts, [1, 1, 1, 1, 1])
  assert.deepEqual(Buffer.concat(pieces), whole)
})

test('an answer with a pace takes its time', async (t) => {
  const { upstream } = await startBoth(t)
  await ask(upstream, questionFor(3, 20), true)
  const began = performance.now()
  await (await ask(upstream, questionFor(3, 20), true)).text()
  const ms = performance.now() - began
  // Node's timers may fire half a millisecond early.
  assert.ok(ms >= 39, `${ms} ms for two pauses of 20 ms`)
})

test("the list of models is the stand-in's", async (t) => {
  const { standin, upstream } = await startBoth(t)
  const headers = { authorization: 'Bearer sk-test' }
  const [own, original] = await Promise.all(
    [upstream, standin].map(async (url) => (await fetch(`${url}/models`, { headers })).json()),
  )
  assert.deepEqual(own, original)
})
