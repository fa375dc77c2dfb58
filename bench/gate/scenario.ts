/** What one question of the benchmark is made of, and what came out of it. */

import type { TargetGroup } from '../support/target.ts'
import type { Loads } from './loads.ts'
import type { Sample } from './measure.ts'
import type { OpenLoopResult } from './open-loop-client.ts'
import type { BenchOptions } from './options.ts'
import type { Samples } from './rounds.ts'
import type { World } from './world.ts'

/** What a scenario leaves behind; goes into the result file as it is. */
export interface ScenarioResult extends TargetGroup {
  readonly name: string
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

/** Returns the sum of one number over all runs. */
export function total(samples: readonly Sample[], number: (sample: Sample) => number): number {
  return samples.reduce((sum, sample) => sum + number(sample), 0)
}
