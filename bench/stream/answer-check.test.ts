import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkStream, faultOfStream, faultOfWhole } from './answer-check.ts'
import type { Dialect } from './client-task.ts'

const DELTAS = ['你', '好', ', you']

const DELTA: Readonly<Record<Dialect, (text: string) => string>> = {
  openai: (text) => `data: ${JSON.stringify({ choices: [{ delta: { content: text } }] })}\n\n`,
  chat: (text) => `event: content\nid: r0.c1\ndata: ${JSON.stringify({ text })}\n\n`,
}

const END: Readonly<Record<Dialect, string>> = {
  openai: 'data: {"choices":[]}\n\ndata: [DONE]\n\n',
  chat: 'event: usage\ndata: {}\n\nevent: done\ndata: {"finish_reason":"stop","ending":"done"}\n\n',
}

const ERROR: Readonly<Record<Dialect, string>> = {
  openai: 'data: {"error":{"message":"broken"}}\n\n',
  chat: 'event: error\ndata: {"code":"broken"}\n\n',
}

for (const dialect of ['openai', 'chat'] as const) {
  const delta = DELTA[dialect]
  const fault = (text: string) => faultOfStream(dialect, DELTAS, Buffer.from(text))
  const start = ': ping\n\n'
  const whole = `${start}${DELTAS.map(delta).join('')}${END[dialect]}`

  test(`${dialect}: an answer is right however its deltas are joined and its bytes are cut`, () => {
    assert.equal(fault(whole), undefined)
    assert.equal(fault(delta(DELTAS.join('')) + END[dialect]), undefined)
    const check = checkStream(dialect, DELTAS)
    for (const byte of Buffer.from(whole)) check.feed(Buffer.of(byte))
    assert.equal(check.fault(), undefined)
  })

  test(`${dialect}: what is missing, too much, other or an error is a fault`, () => {
    assert.equal(fault(DELTAS.map(delta).join('')), 'no end mark')
    assert.equal(fault(delta('你') + END[dialect]), 'wrong text')
    assert.equal(fault(delta('你好, you too') + END[dialect]), 'wrong text')
    assert.equal(fault(delta('你') + ERROR[dialect]), 'error event: broken')
    assert.equal(fault(whole + delta('!')), 'something after the end')
  })

  test(`${dialect}: a delta counts when all of it is there`, () => {
    const check = checkStream(dialect, DELTAS)
    const counts = ['你好', ', ', 'you'].map((text) => check.feed(Buffer.from(delta(text))))
    assert.deepEqual(counts, [2, 2, 3])
  })
}

test('a whole answer is right if its text is', () => {
  const chat = (content: string) => Buffer.from(JSON.stringify({ content }))
  const openai = (content: string) =>
    Buffer.from(JSON.stringify({ choices: [{ message: { content } }] }))
  assert.equal(faultOfWhole('chat', DELTAS, chat('你好, you')), undefined)
  assert.equal(faultOfWhole('chat', DELTAS, chat('你好')), 'wrong text')
  assert.equal(faultOfWhole('openai', DELTAS, openai('你好, you')), undefined)
  assert.equal(faultOfWhole('openai', DELTAS, openai('')), 'wrong text')
})
