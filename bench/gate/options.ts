/** The options of npm run bench:gate. */

import { type CommonOptions, readBenchOptions } from '../support/options.ts'
import { CLOSED_LOOP_NAMES } from './closed-loop.ts'

export interface BenchOptions extends CommonOptions {
  /** How long the crowd of the http2 scenario stays, seconds. */
  readonly crowdSeconds: number
}

const SCENARIOS: readonly string[] = [...CLOSED_LOOP_NAMES, 'latency', 'http2']

/** What the log stream can hold of a run is no more. */
const MAX_SECONDS = 4

const FULL = { rounds: 5, seconds: 3, crowdSeconds: 30 }
const QUICK = { rounds: 2, seconds: 1, crowdSeconds: 5 }

/** Returns the options of the command line; ends the process for --help and for unknown ones. */
export function readOptions(): BenchOptions {
  return readBenchOptions({
    name: 'gate',
    question: 'measures the gate against nginx without it and against lua-nginx-module.',
    scenarios: SCENARIOS,
    mostSeconds: MAX_SECONDS,
    full: FULL,
    quick: QUICK,
  })
}
