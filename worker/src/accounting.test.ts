/**
 * Every byte of recorded streams as the point where somebody leaves, stops the answer or breaks the
 * connection: always one settlement, of what came up to there.
 */

import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { wholeOutcome } from '../../tests/support/cut-outcome.ts'
import { fits, sweep } from '../../tests/support/cut-sweep.ts'
import { listen, playGeneration } from '../../tests/support/played-generation.ts'
import { type RecordedStream, recordStreams } from '../../tests/support/recorded-streams.ts'
import { chooseSeed } from '../../tests/support/seed.ts'
import { quiet } from './domain/generation-fakes.ts'

let streams: readonly RecordedStream[] = []
before(async () => {
  streams = await recordStreams()
})

test('stopped by its owner, or reset by the provider, at any byte', async (t) => {
  const seed = chooseSeed()
  const points = await Promise.all(
    (['stop', 'reset'] as const).map((cut) => sweep({ streams, cut, seed })),
  )
  const bytes = streams.reduce((sum, stream) => sum + stream.bytes.length + 1, 0)
  assert.deepEqual(points, [bytes, bytes])
  t.diagnostic(`${bytes} points in ${streams.length} streams, twice`)
})

test('a client that leaves at any byte ends nothing, and comes back to what it missed', async () => {
  for (const stream of streams) {
    const play = playGeneration([])
    const { generation } = play
    const patient = listen(generation)
    const text = { reasoning: '', content: '' }
    for (const byte of stream.bytes) {
      play.feed(Uint8Array.of(byte))
      const client = listen(generation, {
        reasoning: Buffer.byteLength(text.reasoning),
        content: Buffer.byteLength(text.content),
      })
      await quiet()
      client.leave()
      await client.over
      text.reasoning += client.heard.reasoning
      text.content += client.heard.content
    }
    play.finish()
    await generation.settled
    const [result, ...more] = play.charged
    assert.ok(result !== undefined && more.length === 0, stream.name)
    const outcome = wholeOutcome(stream, generation.turn.promptEstimate)
    assert.ok(fits(result, outcome), `${stream.name}: ${JSON.stringify({ result, outcome })}`)
    await patient.over
    const { reasoning, content } = result
    assert.deepEqual(text, { reasoning, content }, stream.name)
    const last = outcome.ending === 'done' ? 'done' : 'error'
    assert.deepEqual(patient.heard, { ...text, last }, stream.name)
  }
})
