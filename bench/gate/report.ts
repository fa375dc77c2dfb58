/** What the benchmark found, as a table. */

import { median } from '../support/statistics.ts'
import type { Sample } from './measure.ts'
import type { ScenarioResult } from './scenario.ts'

/** Returns the medians of a scenario's variants, a line each. */
export function variantTable({ samples = {} }: ScenarioResult): string {
  const rows = Object.entries(samples).map(([name, runs]) => {
    const middle = (number: (sample: Sample) => number) => median(runs.map(number))
    return [
      name.padEnd(24),
      `${Math.round(middle((run) => run.perSecond))}`.padStart(9),
      middle((run) => run.nginxUs)
        .toFixed(1)
        .padStart(11),
      middle((run) => run.redisUs)
        .toFixed(1)
        .padStart(11),
      `${Math.round(middle((run) => run.nginxBusy) * 100)} %`.padStart(8),
    ].join('')
  })
  if (rows.length === 0) return ''
  const head = `${'medians'.padEnd(24)}    req/s   nginx µs   Redis µs    busy`
  return [head, ...rows].join('\n')
}
