/** The scenarios in which the next question follows the answer. */

import { type SamplesOf, takeTurns } from '../support/rounds.ts'
import { median, ratios } from '../support/statistics.ts'
import { none, type Target } from '../support/target.ts'
import { type Load, measure, type Sample } from './measure.ts'
import { deltasOf, questionFor } from './question.ts'
import { sampleLine } from './report.ts'
import type { Bench, ScenarioResult } from './scenario.ts'
import { DIRECT, OWN, PEER, STANDIN, variantsOf } from './variants.ts'
import type { World } from './world.ts'

type Samples = SamplesOf<Sample>

interface Definition {
  readonly title: string
  readonly variants: readonly string[]
  /** Length and pace of the answer. */
  readonly deltas: number
  readonly delayMs: number
  readonly streamed: boolean
  readonly streams: number
  /** Whether the arrival of each event matters. */
  readonly timed: boolean
  readonly target: (samples: Samples) => readonly Target[]
}

const DEFINITIONS: Readonly<Record<string, Definition>> = {
  events: {
    title: 'events per second: 32 streams of 100 events without delay',
    variants: [DIRECT, STANDIN, PEER, OWN],
    deltas: 100,
    delayMs: 0,
    streamed: true,
    streams: 32,
    timed: false,
    target: (samples) => [faster(samples, 2)],
  },
  first: {
    title: 'time to the first event, one stream',
    variants: [DIRECT, PEER, OWN],
    deltas: 5,
    delayMs: 5,
    streamed: true,
    streams: 1,
    timed: true,
    target: (samples) => [
      added('p50 added to the first event', 3, samples, ({ first }) => first.p50),
      added('p99 added to the first event', 15, samples, ({ first }) => first.p99),
    ],
  },
  gaps: {
    title: 'gaps between events that are sent 20 ms apart, one stream',
    variants: [DIRECT, PEER, OWN],
    deltas: 50,
    delayMs: 20,
    streamed: true,
    streams: 1,
    timed: true,
    target: (samples) => [added('p99 added to a gap', 12, samples, ({ gaps }) => gaps.p99)],
  },
  whole: {
    title: 'answers that are not streamed, one at a time',
    variants: [DIRECT, PEER, OWN],
    deltas: 100,
    delayMs: 0,
    streamed: false,
    streams: 1,
    timed: false,
    target: (samples) => [added('p50 added to an answer', 4, samples, ({ whole }) => whole.p50)],
  },
}

export const CLOSED_LOOP_NAMES: readonly string[] = Object.keys(DEFINITIONS)

/** In each run connections are opened and the first answers given before anything counts, ms. */
const SETTLE_MS = 1000

/** Lets every variant work for a while: a service that has just been started is a slow one. */
export async function warmUp({ world, options }: Bench): Promise<void> {
  const definition = definitionOf('events')
  const load = await loadOf(world, definition, options.warmUpSeconds)
  for (const variant of variantsOf(world)) await measure(world, variant, load)
}

/** Runs one of them. */
export async function runClosedLoop(bench: Bench, name: string): Promise<ScenarioResult> {
  const { world, options, say } = bench
  const { title, variants, target } = definitionOf(name)
  const load = await loadOf(world, definitionOf(name), options.seconds)
  const samples = await takeTurns(
    variantsOf(world).filter((variant) => variants.includes(variant.name)),
    options.rounds,
    (variant) => measure(world, variant, { ...load, forMs: 2 * SETTLE_MS }),
    (variant) => measure(world, variant, load),
    (round, variant, sample) => say(`round ${round}  ${sampleLine(variant, [sample])}`),
  )
  const targets = [...target(samples), none('answers that were not right', wrongOf(samples))]
  return { name, title, targets, samples }
}

function definitionOf(name: string): Definition {
  const definition = DEFINITIONS[name]
  if (definition === undefined) throw new RangeError(`no scenario ${name}`)
  return definition
}

async function loadOf(world: World, definition: Definition, seconds: number): Promise<Load> {
  const { deltas, delayMs, streamed, streams, timed } = definition
  return {
    message: questionFor(deltas, delayMs),
    deltas: await deltasOf(world.ports.upstream, deltas),
    ...{ streamed, streams, timed },
    ...{ rampMs: 0, answersEach: 0, warmUpMs: SETTLE_MS },
    forMs: SETTLE_MS + seconds * 1000,
  }
}

function wrongOf(samples: Samples): number {
  const counts = Object.values(samples).flatMap((runs) =>
    runs.flatMap(({ wrong }) => Object.values(wrong)),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}

/** Round by round, so that what both suffered cancels out. */
function faster(samples: Samples, wanted: number): Target {
  const speeds = (name: string) => (samples[name] ?? []).map(({ perSecond }) => perSecond)
  const got = median(ratios(speeds(OWN), speeds(PEER)))
  return {
    what: `events/s, ${OWN} / ${PEER}`,
    wanted: `≥ ${wanted.toFixed(1)} ×`,
    got: `${got.toFixed(2)} ×`,
    met: got >= wanted,
  }
}

/** The same for what is more than without a gateway in between. */
function added(
  what: string,
  limitMs: number,
  samples: Samples,
  time: (sample: Sample) => number,
): Target {
  const direct = samples[DIRECT] ?? []
  const differences = (name: string) =>
    (samples[name] ?? []).map((sample, index) => time(sample) - time(direct[index] ?? sample))
  const got = median(differences(OWN))
  const peer = median(differences(PEER))
  return {
    what: `${what} (${PEER}: ${peer.toFixed(1)} ms)`,
    wanted: `< ${limitMs} ms`,
    got: `${got.toFixed(1)} ms`,
    met: got < limitMs,
  }
}
