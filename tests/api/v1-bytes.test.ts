/** What the provider sends is what the program gets, byte for byte and when it comes; and the other way. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { before } from 'node:test'
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { EVENT_STREAM, type PlayedCall, playedProvider } from '../support/played-provider.ts'
import { rawCall, wholeBody } from '../support/raw-program.ts'
import { type RecordedStream, recordStreams } from '../support/recorded-streams.ts'
import { programOwner } from '../support/sdk-clients.ts'
import { chooseSeed, drawFrom } from '../support/seed.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()
const provider = playedProvider()
const draw = drawFrom(chooseSeed())

const DONE = 'data: [DONE]\n\n'
const FINISH = chunk({}, 'stop')

function chunk(delta: object, finish_reason: string | null = null): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason }]
  return `data: ${JSON.stringify({ id: 'x', model: 'deepseek-flash', choices })}\n\n`
}

function asks(changes: object = {}): string {
  const messages = [{ role: 'user', content: 'hi' }]
  return JSON.stringify({ model: 'deepseek-flash', messages, stream: true, ...changes })
}

let streams: readonly RecordedStream[] = []
before(async () => {
  streams = await recordStreams()
})

stackTest('every shape of stream, in pieces of any size', async ({ plan }) => {
  let sent: Buffer = Buffer.alloc(0)
  async function play({ response }: PlayedCall): Promise<void> {
    response.writeHead(200, EVENT_STREAM)
    for (let at = 0; at < sent.length; ) {
      const size = draw.integer(1, 40) === 1 ? draw.integer(100, 2000) : draw.integer(1, 30)
      response.write(sent.subarray(at, at + size))
      at += size
      await nextTurn()
    }
    response.end()
  }
  await provider.during(plan, play, async () => {
    for (const stream of streams) {
      if (!stream.events.some(({ finish }) => finish !== undefined)) continue
      sent = stream.bytes
      const owner = await programOwner(plan)
      const stream_options = { include_usage: true }
      const answer = await rawCall(plan, owner, asks({ stream_options }))
      assert.match(answer.head, /^HTTP\/1\.1 200 /)
      assert.match(answer.head, /^content-type: text\/event-stream/im)
      assert.match(answer.head, /^x-accel-buffering: no/im)
      assert.match(answer.head, /^x-request-id: [0-9a-f]{32}\r$/im)
      assert.equal(String(await wholeBody(answer.body)), String(sent), stream.name)
      const unasked = await rawCall(plan, owner, asks())
      const wanted = String(sent).replace(/^data: [^\n]*"choices":\[\][^\n]*\n\n/m, '')
      assert.equal(String(await wholeBody(unasked.body)), wanted, stream.name)
    }
  })
})

stackTest('a thousand pieces, each before the provider sends the next', async ({ plan }) => {
  const PIECES = 1000
  let arrived: () => void = () => {}
  async function play({ response }: PlayedCall): Promise<void> {
    response.writeHead(200, EVENT_STREAM)
    for (let n = 0; n < PIECES; n += 1) {
      const seen = new Promise<void>((resolve) => {
        arrived = resolve
      })
      response.write(n % 10 === 5 ? ': keep-alive\n\n' : chunk({ content: `${n} ` }))
      await seen
    }
    response.end(FINISH + DONE)
  }
  await provider.during(plan, play, async () => {
    const { body } = await rawCall(plan, await programOwner(plan), asks())
    let pieces = 0
    for await (const piece of body) {
      if (!/\n\n$/.test(String(piece))) assert.fail(`half an event: ${piece}`)
      pieces += 1
      arrived()
    }
    assert.ok(pieces > PIECES, `${pieces} pieces`)
  })
})

stackTest(
  'an answer that is not streamed is the same text, with the blank lines before it',
  async ({ plan }) => {
    const text = `\n\n{ "id":"x" , "created":1e3,"big":12345678901234567890,"model":"deepseek-flash",
    "choices":[{"index":0,"message":{"role":"assistant","content":"\\u4f60"},"finish_reason":"stop"}]}\n`
    const play = ({ response }: PlayedCall) => {
      response.writeHead(200, { 'Content-Type': 'application/json' })
      response.write(text.slice(0, 2))
      response.end(text.slice(2))
    }
    await provider.during(plan, play, async () => {
      const answer = await rawCall(plan, await programOwner(plan), asks({ stream: false }))
      assert.match(answer.head, /^content-type: application\/json\b/im)
      assert.equal(String(await wholeBody(answer.body)), text)
    })
  },
)

stackTest(
  'what is in the middle when the provider breaks off is not passed on',
  async ({ plan }) => {
    const whole = chunk({ content: 'one' })
    const play = async ({ response }: PlayedCall) => {
      response.writeHead(200, EVENT_STREAM)
      response.write(whole + chunk({ content: 'two' }).slice(0, 30))
      await pause(100)
      response.destroy()
    }
    await provider.during(plan, play, async () => {
      const { body } = await rawCall(plan, await programOwner(plan), asks())
      const text = String(await wholeBody(body))
      assert.ok(text.startsWith(`${whole}data: {"error":{`), text)
      const { error } = JSON.parse(text.slice(`${whole}data: `.length))
      assert.deepEqual(Object.keys(error), ['message', 'type', 'param', 'code'])
      assert.equal(error.code, 'upstream_interrupted')
    })
  },
)

stackTest('the request arrives as it was written, but for what we say', async ({ plan }) => {
  const bodies: string[] = []
  const play = ({ body, response }: PlayedCall) => {
    bodies.push(String(body))
    response.writeHead(200, EVENT_STREAM).end(FINISH + DONE)
  }
  const odd =
    '"messages": [{"role":"user","content":"\\u4f60\\ud83d \\u0000","name":"n","x":[{"a":1,"a":2}]}]' +
    ',"seed":12345678901234567890,"temperature":1e400,"top_p":0.10,"user":"u","user":null'
  await provider.during(plan, play, async () => {
    const owner = await programOwner(plan)
    const twice = await rawCall(plan, owner, `{"model":"deepseek-flash",${odd},"stream":true}`)
    assert.match(twice.head, /^HTTP\/1\.1 400 /)
    const { error } = JSON.parse(String(await wholeBody(twice.body)))
    assert.deepEqual([error.code, error.param], ['invalid_request', 'user'])
    const once_ = odd.replace(',"user":null', '')
    const body = `{"model":"deepseek-v4-flash","stream":true ,${once_}, "stream_options":{"z":1.0}}`
    await wholeBody((await rawCall(plan, owner, body)).body)
    const [sent = ''] = bodies
    const head = `{"model":"deepseek-flash","stream":true,${once_},`
    assert.ok(sent.startsWith(`${head}"stream_options":{"z":1.0,"include_usage":true},`), sent)
    assert.match(sent, /,"user_id":"[0-9a-f]{32}"\}$/)
  })
})

stackTest('whoever is told apart by a program or a token stays apart', async ({ plan }) => {
  const users: string[] = []
  const play = ({ body, response }: PlayedCall) => {
    users.push(JSON.parse(String(body)).user_id)
    response.writeHead(200, EVENT_STREAM).end(FINISH + DONE)
  }
  await provider.during(plan, play, async () => {
    const [one, other] = [await programOwner(plan), await programOwner(plan)]
    const table = [
      [one, {}],
      [one, { user_id: 'a' }],
      [one, { user_id: 'a' }],
      [one, { user_id: 'b' }],
      [other, { user_id: 'a' }],
    ] as const
    for (const [owner, changes] of table) {
      await wholeBody((await rawCall(plan, owner, asks(changes))).body)
    }
    const [first, , again] = users
    assert.equal(users[1], again)
    assert.equal(new Set(users).size, 4)
    assert.ok(users[1]?.startsWith(`${first}-`))
    assert.ok(users.every((user) => /^[\w-]{32,65}$/.test(user)))
  })
})

stackTest('a slow program slows the provider, and gets all of it', async ({ plan }) => {
  const BLOCK = `: ${'x'.repeat(16 * 1024 - 4)}\n\n`
  const BLOCKS = 4000
  let written = 0
  let stalled: () => void = () => {}
  const isStalled = new Promise<void>((resolve) => {
    stalled = resolve
  })
  async function play({ response }: PlayedCall): Promise<void> {
    response.writeHead(200, EVENT_STREAM)
    for (let n = 0; n < BLOCKS; n += 1) {
      const room = response.write(n % 100 === 0 ? chunk({ content: `${n} ` }) : BLOCK)
      written += BLOCK.length
      if (room) continue
      const waiting = setTimeout(stalled, 1500)
      await once(response, 'drain')
      clearTimeout(waiting)
    }
    response.end(FINISH + DONE)
  }
  await provider.during(plan, play, async () => {
    const { body } = await rawCall(plan, await programOwner(plan), asks())
    await body.next()
    await isStalled
    // What nobody has read lies in the buffers of five sockets, and nowhere else.
    assert.ok(written < 40 * 1024 * 1024, `${written} bytes were taken`)
    const last = (await wholeBody(body)).subarray(-DONE.length)
    assert.equal(String(last), DONE)
    assert.equal(written, BLOCKS * BLOCK.length)
  })
})
