/** The options of npm run bench:stream. */

import { type CommonOptions, readBenchOptions } from '../support/options.ts'
import { CLOSED_LOOP_NAMES } from './closed-loop.ts'

export interface BenchOptions extends CommonOptions {
  /** How long each gateway works before anything is measured, seconds: compilers need their time. */
  readonly warmUpSeconds: number
  /** How many answers run at the same time in the crowd scenario. */
  readonly crowd: number
  /** How long all of them do, seconds. */
  readonly crowdSeconds: number
}

const SCENARIOS: readonly string[] = [...CLOSED_LOOP_NAMES, 'crowd']

const MAX_SECONDS = 60

const FULL = { rounds: 5, seconds: 4, warmUpSeconds: 15, crowd: 1000, crowdSeconds: 60 }
const QUICK = { rounds: 2, seconds: 2, warmUpSeconds: 2, crowd: 100, crowdSeconds: 6 }

/** Returns the options of the command line; ends the process for --help and for unknown ones. */
export function readOptions(): BenchOptions {
  return readBenchOptions({
    name: 'stream',
    question: "measures streamed answers against the model's API itself and Portkey's gateway.",
    scenarios: SCENARIOS,
    mostSeconds: MAX_SECONDS,
    full: FULL,
    quick: QUICK,
  })
}
