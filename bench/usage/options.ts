/** The options of npm run bench:usage. */

import { type CommonOptions, readBenchOptions } from '../support/options.ts'

export interface BenchOptions extends CommonOptions {
  /** Calls, and access records, in the tables. */
  readonly rows: number
}

export const SCENARIOS: readonly string[] = ['reads', 'chat']

const MAX_SECONDS = 60

/** Returns the options of the command line; ends the process for --help and for unknown ones. */
export function readOptions(): BenchOptions {
  return readBenchOptions({
    name: 'usage',
    question: 'measures reports over ten million calls, and chats beside fifty readers.',
    scenarios: SCENARIOS,
    mostSeconds: MAX_SECONDS,
    full: { rounds: 5, seconds: 4, rows: 10_000_000 },
    quick: { rounds: 2, seconds: 1, rows: 200_000 },
  })
}
