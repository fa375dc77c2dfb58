/** The scenario of a crowd: many answers at the same time, each at the pace of a person who reads. */

import { residentBytesOf } from '../support/process-cost.ts'
import { median } from '../support/statistics.ts'
import { none, type Target } from '../support/target.ts'
import { type Load, measure } from './measure.ts'
import { deltasOf, questionFor } from './question.ts'
import { sampleLine } from './report.ts'
import type { Bench, ScenarioResult } from './scenario.ts'
import { OWN, variantsOf } from './variants.ts'

/** Ten events a second. */
const DELAY_MS = 100

/** So many people begin each second. */
const ARRIVALS_PER_SECOND = 100

/** An answer may end so much later than the model's; more would mean that the pace was not kept. */
const MOST_LATE_MS = 1000

const MIB = 1024 * 1024
const MOST_MIB = 350
const FLAT = 1.05
const SAMPLE_MS = 500

interface MemorySample {
  /** Since the first person began, ms. */
  readonly at: number
  readonly bytes: number
}

/** Runs it against Chatgate alone. */
export async function runCrowd({ world, options, say }: Bench): Promise<ScenarioResult> {
  const { crowd, crowdSeconds } = options
  const rampMs = (crowd / ARRIVALS_PER_SECOND) * 1000
  // All of them run between the last arrival and the first end.
  const deltas = (rampMs + crowdSeconds * 1000) / DELAY_MS
  const load: Load = {
    message: questionFor(deltas, DELAY_MS),
    deltas: await deltasOf(world.ports.upstream, deltas),
    ...{ streamed: true, streams: crowd, timed: false, rampMs, answersEach: 1, warmUpMs: 0 },
    forMs: rampMs + crowdSeconds * 1000,
  }
  const variant = variantsOf(world).find(({ name }) => name === OWN)
  if (variant === undefined) throw new RangeError(`no variant ${OWN}`)
  const memory: MemorySample[] = []
  const began = performance.now()
  const timer = setInterval(() => {
    const pids = variant.parts['worker']?.() ?? []
    memory.push({ at: performance.now() - began, bytes: residentBytesOf(pids) })
  }, SAMPLE_MS)
  const sample = await measure(world, variant, load).finally(() => clearInterval(timer))
  say(sampleLine(OWN, [sample]))
  const during = memory.filter(({ at }) => at >= rampMs && at <= rampMs + crowdSeconds * 1000)
  const missing = crowd - sample.answers
  return {
    name: 'crowd',
    title: `${crowd} answers of 10 events/s at the same time for ${crowdSeconds} s`,
    targets: [
      none('answers that were not right', missing),
      punctual(sample.whole.p99 - deltas * DELAY_MS),
      small(during.map(({ bytes }) => bytes)),
      flat(during.map(({ bytes }) => bytes)),
    ],
    samples: { [OWN]: [sample] },
    notes: { memory },
  }
}

function punctual(lateMs: number): Target {
  return {
    what: "later than the model's end, p99",
    wanted: `< ${MOST_LATE_MS} ms`,
    got: `${Math.round(lateMs)} ms`,
    met: lateMs < MOST_LATE_MS,
  }
}

function small(bytes: readonly number[]): Target {
  const most = Math.max(...bytes) / MIB
  return {
    what: "worker's resident memory, at most",
    wanted: `< ${MOST_MIB} MiB`,
    got: `${most.toFixed(0)} MiB`,
    met: most < MOST_MIB,
  }
}

/** Medians of quarters, because garbage is collected by leaps. */
function flat(bytes: readonly number[]): Target {
  const quarter = Math.floor(bytes.length / 4)
  const third = median(bytes.slice(2 * quarter, 3 * quarter)) / MIB
  const last = median(bytes.slice(3 * quarter)) / MIB
  return {
    what: 'the same, median of the third and the last quarter',
    wanted: `last ≤ ${Math.round(FLAT * 100)} % of third`,
    got: `${third.toFixed(0)}, ${last.toFixed(0)} MiB`,
    met: last <= third * FLAT,
  }
}
