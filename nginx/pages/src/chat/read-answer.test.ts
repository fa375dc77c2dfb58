import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChatEvent } from './chat-event.ts'
import { readAnswer } from './read-answer.ts'

const bytes = new TextEncoder()

/** Returns a stream of the text, cut into pieces of `size` bytes. */
function pieces(text: string, size: number): ReadableStream<Uint8Array> {
  const all = bytes.encode(text)
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < all.length; at += size) controller.enqueue(all.slice(at, at + size))
      controller.close()
    },
  })
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<ChatEvent[]> {
  const events: ChatEvent[] = []
  await readAnswer(stream, (event) => events.push(event))
  return events
}

const TEXT = [
  ': ping\n\n',
  'event: content\nid: r0.c6\ndata: {"text":"你好"}\n\n',
  'event: from-the-future\ndata: {"x":1}\n\n',
  'event: content\ndata: not json\n\n',
  'event: content\r\ndata: {"text":"😀"}\r\n\r\n',
].join('')

test('events are the same wherever the bytes are cut', async () => {
  const expected = [
    { name: 'content', data: { text: '你好' } },
    { name: 'content', data: { text: '😀' } },
  ]
  for (const size of [1, 2, 3, 5, 7, 1000]) {
    assert.deepEqual(await collect(pieces(TEXT, size)), expected, `pieces of ${size}`)
  }
})

test('a terminal event ends the reading and frees the connection', async () => {
  let cancelled = false
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes.encode('event: done\ndata: {"ending":"done"}\n\n'))
      controller.enqueue(bytes.encode('event: content\ndata: {"text":"late"}\n\n'))
    },
    cancel() {
      cancelled = true
    },
  })
  assert.deepEqual(
    (await collect(stream)).map((event) => event.name),
    ['done'],
  )
  assert.ok(cancelled)
})

test('silence is an error and frees the connection', async () => {
  let cancelled = false
  const silent = new ReadableStream<Uint8Array>({
    cancel() {
      cancelled = true
    },
  })
  await assert.rejects(
    readAnswer(silent, () => undefined, 10),
    { name: 'TimeoutError' },
  )
  assert.ok(cancelled)
})

test('a broken stream is an error', async () => {
  const broken = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.error(new TypeError('network error'))
    },
  })
  await assert.rejects(collect(broken), TypeError)
})
