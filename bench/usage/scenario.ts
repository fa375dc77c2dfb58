/** What one question of the benchmark is made of, and what came out of it. */

import { quantile } from '../support/statistics.ts'
import type { TargetGroup } from '../support/target.ts'
import type { BenchOptions } from './options.ts'
import type { World } from './world.ts'

export interface Bench {
  readonly world: World
  readonly options: BenchOptions
  readonly say: (message: string) => void
}

/** What a scenario leaves behind; goes into the result file as it is. */
export interface ScenarioResult extends TargetGroup {
  readonly name: string
  /** Every run, by what was measured. */
  readonly samples: Readonly<Record<string, unknown>>
}

/** Of a list of times, ms. */
export interface Times {
  readonly count: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

export function timesOf(values: readonly number[]): Times {
  const sorted = Float64Array.from(values).sort()
  const at = (share: number) => Number(quantile(sorted, share).toFixed(2))
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) }
}
