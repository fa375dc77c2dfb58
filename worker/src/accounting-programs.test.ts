/**
 * Every byte of recorded streams as the point where a program leaves or the provider breaks the connection:
 * always one settlement, of what came up to there, and nothing but whole events passed on.
 */

import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { sweep } from '../../tests/support/cut-sweep.ts'
import { playProgram } from '../../tests/support/played-program.ts'
import { type RecordedStream, recordStreams } from '../../tests/support/recorded-streams.ts'
import { chooseSeed } from '../../tests/support/seed.ts'

let streams: readonly RecordedStream[] = []
before(async () => {
  streams = await recordStreams()
})

test('left by its program, or reset by the provider, at any byte', async (t) => {
  const seed = chooseSeed()
  const points = await Promise.all(
    (['stop', 'reset'] as const).map((cut) => sweep({ streams, cut, seed, reader: 'program' })),
  )
  const bytes = streams.reduce((sum, stream) => sum + stream.bytes.length + 1, 0)
  assert.deepEqual(points, [bytes, bytes])
  t.diagnostic(`${bytes} points in ${streams.length} streams, twice`)
})

test('byte by byte the program gets all of it, but for usage that it did not ask for', async () => {
  for (const stream of streams) {
    for (const wantsUsage of [true, false]) {
      const play = playProgram([], wantsUsage)
      for (const byte of stream.bytes) play.feed(Uint8Array.of(byte))
      play.finish()
      await play.over
      const alone = /^data: [^\r\n]*"choices":\[\][^\r\n]*(?:\r\n\r\n|\n\n)/m
      const text = String(stream.bytes)
      const expected = wantsUsage ? text : text.replace(alone, '')
      assert.equal(String(play.got.bytes), expected, stream.name)
      assert.equal(play.charged.length, 1, stream.name)
    }
  }
})
