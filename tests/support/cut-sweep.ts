/**
 * Cuts a recorded stream at every byte. In a process of its own: what the test runner does to follow
 * promises would cost more than all the rest.
 */

import { strict as assert } from 'node:assert'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { fakeTurn, quiet, type StoreMood } from '../../worker/src/domain/generation-fakes.ts'
import type { TurnResult } from '../../worker/src/domain/turn.ts'
import { type Cut, type Outcome, outcomesAt, type ReaderKind } from './cut-outcome.ts'
import { listen, playGeneration } from './played-generation.ts'
import { playProgram } from './played-program.ts'
import type { RecordedStream } from './recorded-streams.ts'
import { drawFrom } from './seed.ts'

interface Sweep {
  readonly streams: readonly RecordedStream[]
  readonly cut: Cut
  readonly seed: number
  /** Default: a person. */
  readonly reader?: ReaderKind
}

/** So many generations run at once and share the turns of the event loop. */
const AT_ONCE = 512
/** How the attempts at storing may go; the last of each succeeds. */
const MOODS: readonly (readonly StoreMood[])[] = [[], [], ['lost_reply'], ['away', 'lost_reply']]
const PROMPT_ESTIMATE = fakeTurn().promptEstimate

/**
 * Cuts every stream at every byte and returns how many cuts that were.
 * @throws what was wrong with the first cut that was not settled as it should
 */
export async function sweep(what: Sweep): Promise<number> {
  const child = fork(fileURLToPath(import.meta.url), {
    execArgv: ['--import', 'tsx', '--enable-source-maps'],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  let [points, complaint] = [Number.NaN, '']
  child.on('message', (count) => {
    points = Number(count)
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint += chunk
  })
  child.send(what)
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(complaint)
  return points
}

async function cutEverywhere({ streams, cut, seed, reader }: Sweep): Promise<number> {
  const cutSome = reader === 'program' ? cutPrograms : cutAll
  const draw = drawFrom(seed)
  let points = 0
  for (const stream of streams) {
    for (let first = 0; first <= stream.bytes.length; first += AT_ONCE) {
      const count = Math.min(AT_ONCE, stream.bytes.length + 1 - first)
      await cutSome(stream, first, count, cut, draw)
      points += count
    }
  }
  return points
}

async function cutAll(
  stream: RecordedStream,
  first: number,
  count: number,
  cut: Cut,
  draw: ReturnType<typeof drawFrom>,
): Promise<void> {
  const played = Array.from({ length: count }, (_, index) => {
    const at = first + index
    const play = playGeneration(MOODS[draw.integer(0, MOODS.length - 1)] ?? [])
    const half = draw.integer(0, at)
    play.feed(stream.bytes.subarray(0, half))
    play.feed(stream.bytes.subarray(half, at))
    return { at, ...play, listener: listen(play.generation) }
  })
  await quiet()
  for (const { generation, reset } of played) {
    if (cut === 'stop') generation.stop()
    else reset()
  }
  await Promise.all(played.map(({ generation }) => generation.settled))
  // Whatever else comes too late changes nothing.
  for (const { generation, reset } of played) {
    generation.stop()
    generation.interrupt()
    reset()
  }
  await Promise.all(played.map(({ listener }) => listener.over))
  for (const { at, charged, generation, listener } of played) {
    const where = `${stream.name}, byte ${at}`
    const [result, ...more] = charged
    assert.ok(result !== undefined && more.length === 0, `${where}: ${charged.length} settlements`)
    const outcomes = outcomesAt(stream, at, cut, PROMPT_ESTIMATE)
    assert.ok(
      outcomes.some((outcome) => fits(result, outcome)),
      `${where}: ${JSON.stringify({ result, outcomes }, null, 1)}`,
    )
    assert.equal(generation.end()?.result, result, where)
    const { reasoning, content } = result
    const last = result.ending === 'upstream_error' ? 'error' : 'done'
    assert.deepEqual(listener.heard, { reasoning, content, last }, where)
  }
}

async function cutPrograms(
  stream: RecordedStream,
  first: number,
  count: number,
  cut: Cut,
  draw: ReturnType<typeof drawFrom>,
): Promise<void> {
  const played = Array.from({ length: count }, (_, index) => {
    const at = first + index
    const play = playProgram(MOODS[draw.integer(0, MOODS.length - 1)] ?? [])
    const half = draw.integer(0, at)
    play.feed(stream.bytes.subarray(0, half))
    play.feed(stream.bytes.subarray(half, at))
    return { at, ...play }
  })
  for (let n = 0; n < 4; n += 1) await quiet()
  for (const { call, reset } of played) {
    if (cut === 'stop') call.leave()
    else reset()
  }
  await Promise.all(played.map(({ call, over }) => Promise.all([call.settled, over])))
  for (const { call, reset } of played) {
    call.leave()
    call.interrupt()
    reset()
  }
  await quiet()
  for (const { at, charged, got } of played) {
    const where = `${stream.name}, byte ${at}`
    const [result, ...more] = charged
    assert.ok(result !== undefined && more.length === 0, `${where}: ${charged.length} settlements`)
    const outcomes = outcomesAt(stream, at, cut, PROMPT_ESTIMATE, 'program')
    assert.ok(
      outcomes.some((outcome) => fits(result, outcome)),
      `${where}: ${JSON.stringify({ result, outcomes }, null, 1)}`,
    )
    // What is passed on ends with an event, and nothing of what came before is missing.
    const passed = got.bytes.length
    assert.ok(got.bytes.equals(stream.bytes.subarray(0, passed)), where)
    const ends = stream.events.map(({ end }) => end).filter((end) => end <= at)
    // Who leaves does not get what was held back for the settlement.
    const least = cut === 'stop' ? 0 : (ends.at(-1) ?? 0)
    assert.ok(passed >= least && passed <= at, where)
    const told = got.failure?.code
    const isTold = result.ending === 'upstream_error' && result.finishReason === null
    assert.equal(told, isTold ? 'upstream_interrupted' : undefined, where)
  }
}

/** Returns whether a result is what had to come about. */
export function fits(result: TurnResult, outcome: Outcome): boolean {
  const { tokens, ending, reasoning, content, estimated } = result
  if (ending !== outcome.ending || estimated !== outcome.estimated) return false
  if (reasoning !== outcome.reasoning || content !== outcome.content) return false
  if (outcome.exact !== undefined) {
    const exact: Readonly<Record<string, number>> = { ...outcome.exact }
    return Object.entries(tokens).every(([name, count]) => count === exact[name])
  }
  return (
    isWithin(tokens.promptTokens, outcome.prompt) &&
    isWithin(tokens.completionTokens, outcome.completion)
  )
}

function isWithin(count: number, [least, most]: readonly [number, number]): boolean {
  // The bound is a sum of tenths.
  return count >= least - 1e-6 && count <= most
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.once('message', async (what: Sweep) => {
    process.send?.(await cutEverywhere(what))
    process.disconnect()
  })
}
