/** What was measured, as lines of text. */

import { median } from '../support/statistics.ts'
import type { Sample } from './measure.ts'
import type { ScenarioResult } from './scenario.ts'

const MIB = 1024 * 1024

/** Programs in the order of a request's way. */
const PROGRAMS = ['client', 'nginx', 'worker', 'redis', 'mysql', 'portkey', 'upstream', 'standin']

/** Returns one line about the runs of a variant: the medians of what they found. */
export function sampleLine(name: string, runs: readonly Sample[]): string {
  const middle = (number: (sample: Sample) => number) => median(runs.map(number))
  const times = [
    ['first', 'first'],
    ['gap', 'gaps'],
    ['whole', 'whole'],
  ] as const
  const [sample] = runs
  const costs = PROGRAMS.filter((program) => sample?.cpu[program] !== undefined).map(
    (program) => `${program} ${middle(({ cpu }) => cpu[program] ?? 0).toFixed(1)}`,
  )
  const wrong = runs.flatMap((run) => Object.entries(run.wrong))
  const rate = Math.round(middle(({ perSecond }) => perSecond))
  return [
    name.padEnd(10),
    // An answer that ends after the last question's time belongs to no second.
    (rate === 0 ? '' : `${rate}/s`).padStart(9),
    ...times
      .filter(([, key]) => sample !== undefined && sample[key].count > 0)
      .map(([label, key]) => {
        const [p50, p99] = [middle((run) => run[key].p50), middle((run) => run[key].p99)]
        return `  ${label} ${p50.toFixed(1)} (p99 ${p99.toFixed(1)}) ms`
      }),
    `  µs/event: ${costs.join(' ')}`,
    ...wrong.map(([what, count]) => `  ${count} × ${what.toUpperCase()}`),
  ].join('')
}

/** Returns the medians of a scenario's variants, a line each, and the memory of the gateways. */
export function variantTable({ samples = {} }: ScenarioResult): string {
  const rows = Object.entries(samples).flatMap(([name, runs]) => {
    const resident = Object.entries(runs.at(-1)?.resident ?? {})
    const memory = resident.map(([program, bytes]) => `${program} ${Math.round(bytes / MIB)}`)
    return [sampleLine(name, runs), `${' '.repeat(12)}MiB: ${memory.join(' ')}`]
  })
  return ['medians', ...rows].join('\n')
}
