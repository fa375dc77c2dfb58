import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../failure.ts'
import { textStream } from './text-stream.ts'

test('small pieces are sent together and all arrive', async () => {
  const texts = Array.from({ length: 9000 }, (_, index) => `<${index} 界>`)
  async function* pieces() {
    yield* texts
  }
  const response = await textStream(pieces(), { 'Content-Type': 'text/plain' })
  let chunks = 0
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? assert.fail('no body')) {
    chunks += 1
    text += decoder.decode(chunk, { stream: true })
  }
  assert.equal(text, texts.join(''))
  assert.ok(chunks <= Math.ceil(text.length / 32_768), String(chunks))
})

test('what fails at once is thrown, what fails later breaks the answer', async () => {
  async function* failing(before: number) {
    for (let index = 0; index < before; index += 1) yield 'x'.repeat(40_000)
    throw new Failure('storage_unavailable')
  }
  await assert.rejects(textStream(failing(0), {}), { code: 'storage_unavailable' })
  const response = await textStream(failing(3), {})
  await assert.rejects(response.text())
})

test('no more is made than is taken, and nothing after the reader left', async () => {
  let made = 0
  let isEnded = false
  async function* pieces() {
    try {
      for (;;) {
        made += 1
        yield 'x'.repeat(40_000)
      }
    } finally {
      isEnded = true
    }
  }
  const response = await textStream(pieces(), {})
  const reader = (response.body ?? assert.fail('no body')).getReader()
  await reader.read()
  assert.ok(made <= 2, String(made))
  await reader.cancel()
  assert.equal(isEnded, true)
})
