/** What one question of the benchmark is made of, and what came out of it. */

import type { Loads } from './loads.ts'
import type { Sample } from './measure.ts'
import type { OpenLoopResult } from './open-loop-client.ts'
import type { BenchOptions } from './options.ts'
import type { Samples } from './rounds.ts'
import type { World } from './world.ts'

/** One thing that the gate should reach. */
export interface Target {
  readonly what: string
  readonly wanted: string
  readonly got: string
  readonly met: boolean
}

/** What a scenario leaves behind; goes into the result file as it is. */
export interface ScenarioResult {
  readonly name: string
  readonly title: string
  readonly targets: readonly Target[]
  /** Closed loop: every run. */
  readonly samples?: Samples
  /** Open loop: every run, by variant. */
  readonly latencies?: Readonly<Record<string, readonly OpenLoopResult[]>>
  /** Anything else worth keeping. */
  readonly notes?: Readonly<Record<string, unknown>>
}

export interface Bench {
  readonly world: World
  readonly loads: Loads
  readonly options: BenchOptions
  readonly say: (message: string) => void
}

/** Returns a target that a number is at least so large. */
export function atLeast(what: string, wanted: number, got: number): Target {
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`
  return { what, wanted: `≥ ${percent(wanted)}`, got: percent(got), met: got >= wanted }
}

/** Returns a target that a count is zero. */
export function none(what: string, count: number): Target {
  return { what, wanted: '0', got: String(count), met: count === 0 }
}

/** Returns the sum of one number over all runs. */
export function total(samples: readonly Sample[], number: (sample: Sample) => number): number {
  return samples.reduce((sum, sample) => sum + number(sample), 0)
}
