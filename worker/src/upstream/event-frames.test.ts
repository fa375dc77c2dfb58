import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createFrameCutter, type Frame } from './event-frames.ts'

function cutAll(pieces: readonly string[]): readonly string[] {
  const cutter = createFrameCutter()
  const frames: Frame[] = pieces.flatMap((piece) => cutter.feed(Buffer.from(piece)))
  return [...frames, ...cutter.flush()].map(
    ({ bytes, isEvent }) => `${isEvent ? 'E' : 'C'} ${JSON.stringify(String(bytes))}`,
  )
}

test('events and comments are cut where they end', () => {
  assert.deepEqual(cutAll([': a\n\ndata: 1\n\n: b\ndata: 2\n: c\n\ndata: 3\n']), [
    'C ": a\\n"',
    'C "\\n"',
    'E "data: 1\\n\\n"',
    'C ": b\\n"',
    'E "data: 2\\n: c\\n\\n"',
  ])
  assert.deepEqual(cutAll(['data: 1\r\n\r', '\ndata: 2\r\rdata: 3\r\r']), [
    'E "data: 1\\r\\n\\r\\n"',
    'E "data: 2\\r\\r"',
    'E "data: 3\\r\\r"',
  ])
})

test('how the bytes come makes no difference, and none is lost', () => {
  const line = fc.constantFrom('data: 你🙂', 'data', ': comment', 'event: x', '', '')
  const end = fc.constantFrom('\n', '\r\n', '\r')
  fc.assert(
    fc.property(fc.array(fc.tuple(line, end)), fc.infiniteStream(fc.nat(9)), (lines, sizes) => {
      const text = lines.flat().join('')
      const bytes = Buffer.from(text)
      const cutter = createFrameCutter()
      const frames: Frame[] = []
      for (let at = 0; at < bytes.length; ) {
        const size = sizes.next().value
        frames.push(...cutter.feed(bytes.subarray(at, at + size)))
        at += size
      }
      frames.push(...cutter.flush())
      const shown = frames.map((frame) => `${frame.isEvent} ${frame.bytes}`)
      const whole = createFrameCutter()
      const expected = [...whole.feed(bytes), ...whole.flush()]
      assert.deepEqual(
        shown,
        expected.map((frame) => `${frame.isEvent} ${frame.bytes}`),
      )
      const passed = Buffer.concat(frames.map((frame) => frame.bytes))
      assert.ok(text.startsWith(String(passed)))
      assert.equal(passed.length + cutter.pendingBytes(), bytes.length)
    }),
  )
})
