/** Options that all benchmarks have. */

import { parseOptions } from '../../scripts/stack/options.ts'
import { StartFailure } from '../../scripts/stack/start-failure.ts'

/** What is to be measured, and where the result goes. */
export interface CommonOptions {
  /** How often each variant is measured. */
  readonly rounds: number
  /** How long each time. */
  readonly seconds: number
  /** Names of the scenarios, in order. */
  readonly scenarios: readonly string[]
  /** Where the result is written; undefined for the place that its kind has. */
  readonly out: string | undefined
  /** Whether the result is worth keeping: all scenarios, in full. */
  readonly whole: boolean
}

/** What a benchmark offers. */
export interface OptionRange<T> {
  /** `gate` of `npm run bench:gate`. */
  readonly name: string
  /** What it measures, to follow the command in the help. */
  readonly question: string
  readonly scenarios: readonly string[]
  readonly mostSeconds: number
  /** What holds unless the command line says otherwise, in full and with --quick. */
  readonly full: T
  readonly quick: T
}

interface Base {
  readonly rounds: number
  readonly seconds: number
}

const MAX_ROUNDS = 99

/** Returns the options of the command line; ends the process for --help and for unknown ones. */
export function readBenchOptions<T extends Base>(range: OptionRange<T>): CommonOptions & T {
  const { values } = parseOptions(helpOf(range), {
    only: { type: 'string' },
    quick: { type: 'boolean' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    out: { type: 'string' },
  })
  const quick = values.quick === true
  const base = quick ? range.quick : range.full
  const scenarios = values.only?.split(',') ?? range.scenarios
  const unknown = scenarios.filter((name) => !range.scenarios.includes(name))
  if (unknown.length > 0) {
    throw new StartFailure(
      `There is no scenario ${unknown.join(', ')}; there are ${range.scenarios.join(', ')}.`,
    )
  }
  return {
    ...base,
    rounds: count('rounds', values.rounds, MAX_ROUNDS) ?? base.rounds,
    seconds: count('seconds', values.seconds, range.mostSeconds) ?? base.seconds,
    scenarios: range.scenarios.filter((name) => scenarios.includes(name)),
    out: values.out,
    whole: !quick && scenarios.length === range.scenarios.length,
  }
}

function helpOf({ name, question, scenarios, mostSeconds, full }: OptionRange<Base>): string {
  const kept = `bench/results/${name}-<date>.json`
  return `npm run bench:${name}: ${question}
  --only NAME     one scenario, several separated by commas: ${scenarios.join(', ')}
  --quick         two short rounds: shows that it runs, proves nothing
  --rounds N      how often each variant is measured (${full.rounds})
  --seconds N     how long each time (${full.seconds}), at most ${mostSeconds}
  --out FILE      where the result goes (${kept}; in parts or with --quick the temp folder)
The exit code is 0 also when a target is missed: the table says so.`
}

function count(name: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new StartFailure(`--${name} takes a whole number from 1 to ${most}, not ${text}.`)
}
