/** The options of npm run bench:gate. */

import { parseOptions } from '../../scripts/stack/options.ts'
import { StartFailure } from '../../scripts/stack/start-failure.ts'
import { CLOSED_LOOP_NAMES } from './closed-loop.ts'

export interface BenchOptions {
  /** How often each variant is measured. */
  readonly rounds: number
  /** How long each time. */
  readonly seconds: number
  /** How long the crowd of the http2 scenario stays, seconds. */
  readonly crowdSeconds: number
  /** Names of the scenarios, in order. */
  readonly scenarios: readonly string[]
  /** Where the result is written; undefined for the place that its kind has. */
  readonly out: string | undefined
  /** Whether the result is worth keeping: all scenarios, in full. */
  readonly whole: boolean
}

export const SCENARIO_NAMES: readonly string[] = [...CLOSED_LOOP_NAMES, 'latency', 'http2']

/** What the log stream can hold of a run is no more. */
const MAX_SECONDS = 4
const MAX_ROUNDS = 99

const FULL = { rounds: 5, seconds: 3, crowdSeconds: 30 }
const QUICK = { rounds: 2, seconds: 1, crowdSeconds: 5 }

const HELP = `npm run bench:gate: measures the gate against nginx without it and against lua-nginx-module.
  --only NAME     one scenario, several separated by commas: ${SCENARIO_NAMES.join(', ')}
  --quick         two short rounds: shows that it runs, proves nothing
  --rounds N      how often each variant is measured (${FULL.rounds})
  --seconds N     how long each time (${FULL.seconds}), at most ${MAX_SECONDS}
  --out FILE      where the result goes (bench/results/gate-<date>.json; in parts or with --quick the temp folder)
The exit code is 0 also when a target is missed: the table says so.`

/** Returns the options of the command line; ends the process for --help and for unknown ones. */
export function readOptions(): BenchOptions {
  const { values } = parseOptions(HELP, {
    only: { type: 'string' },
    quick: { type: 'boolean' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    out: { type: 'string' },
  })
  const quick = values.quick === true
  const base = quick ? QUICK : FULL
  const scenarios = values.only?.split(',') ?? SCENARIO_NAMES
  const unknown = scenarios.filter((name) => !SCENARIO_NAMES.includes(name))
  if (unknown.length > 0) {
    throw new StartFailure(
      `There is no scenario ${unknown.join(', ')}; there are ${SCENARIO_NAMES.join(', ')}.`,
    )
  }
  return {
    rounds: count('rounds', values.rounds, MAX_ROUNDS) ?? base.rounds,
    seconds: count('seconds', values.seconds, MAX_SECONDS) ?? base.seconds,
    crowdSeconds: base.crowdSeconds,
    scenarios: SCENARIO_NAMES.filter((name) => scenarios.includes(name)),
    out: values.out,
    whole: !quick && scenarios.length === SCENARIO_NAMES.length,
  }
}

function count(name: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new StartFailure(`--${name} takes a whole number from 1 to ${most}, not ${text}.`)
}
