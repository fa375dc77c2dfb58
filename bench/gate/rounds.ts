/** Several variants, measured in turn and compared round by round. */

import { type SamplesOf, takeTurns } from '../support/rounds.ts'
import { median, ratios } from '../support/statistics.ts'
import { type LogSample, measure, type Sample, type Variant } from './measure.ts'
import type { World } from './world.ts'

/** Samples by name of the variant, in the order of the rounds. */
export type Samples = SamplesOf<Sample>

const WARM_UP_SECONDS = 1

/** Measures every variant once a round. */
export function runRounds(
  world: World,
  variants: readonly Variant[],
  rounds: number,
  seconds: number,
  say: (message: string) => void,
): Promise<Samples> {
  return takeTurns(
    variants,
    rounds,
    (variant) => measure(world, variant, WARM_UP_SECONDS),
    (variant) => measure(world, variant, seconds),
    (round, name, sample) => say(`round ${round}  ${describe(name, sample)}`),
  )
}

/** How much of a baseline's speed a variant has. */
export interface Comparison {
  /** Median of the rounds' ratios of requests per second. */
  readonly perSecond: number
  /** The same of requests per processor second of nginx. */
  readonly perCpu: number
  /** The smaller of the two, which counts: it cannot be flattered by a load that is too slow. */
  readonly share: number
}

/** Compares two variants round by round. */
export function compare(samples: Samples, variant: string, baseline: string): Comparison {
  const own = samples[variant] ?? []
  const other = samples[baseline] ?? []
  const speeds = (list: readonly Sample[]) => list.map((sample) => sample.perSecond)
  const costs = (list: readonly Sample[]) => list.map((sample) => sample.nginxUs)
  const perSecond = median(ratios(speeds(own), speeds(other)))
  const perCpu = median(ratios(costs(other), costs(own)))
  return { perSecond, perCpu, share: Math.min(perSecond, perCpu) }
}

function describe(name: string, sample: Sample): string {
  const { perSecond, nginxUs, redisUs, nginxBusy, wrong } = sample
  return [
    name.padEnd(22),
    `${Math.round(perSecond)} req/s`.padStart(13),
    `nginx ${nginxUs.toFixed(1)} µs`.padStart(15),
    `Redis ${redisUs.toFixed(1)} µs`.padStart(15),
    `busy ${Math.round(nginxBusy * 100)} %`.padStart(11),
    wrong > 0 ? `  ${wrong} WRONG` : '',
    sample.log ? `  ${delivery(sample.log)}` : '',
  ].join('')
}

/** Batches and their mean size, which make up the records, against what nginx served. */
function delivery({ batches, records, requests, served }: LogSample): string {
  const size = (records / batches).toFixed(1)
  return `${batches} × ${size}: ${requests} of ${served} records`
}
