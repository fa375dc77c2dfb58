/** What one question of the benchmark is made of, and what came out of it. */

import type { SamplesOf } from '../support/rounds.ts'
import type { TargetGroup } from '../support/target.ts'
import type { Sample } from './measure.ts'
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
  /** Every run, by variant. */
  readonly samples?: SamplesOf<Sample>
  /** Anything else worth keeping. */
  readonly notes?: Readonly<Record<string, unknown>>
}
