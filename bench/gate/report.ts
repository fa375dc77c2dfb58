/** What the benchmark found, as tables. */

import type { Sample } from './measure.ts'
import type { ScenarioResult, Target } from './scenario.ts'
import { median } from './statistics.ts'

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

/** Returns the targets of all scenarios, a line each, and how many are missed. */
export function targetTable(scenarios: readonly ScenarioResult[]): string {
  const lines = scenarios.flatMap(({ title, targets }) => ['', title, ...targets.map(line)])
  const all = scenarios.flatMap(({ targets }) => targets)
  const missed = all.filter(({ met }) => !met).length
  const verdict =
    missed === 0 ? `All ${all.length} targets met.` : `${missed} of ${all.length} targets MISSED.`
  return [...lines, '', verdict].join('\n')
}

function line({ what, wanted, got, met }: Target): string {
  return `  ${met ? 'met   ' : 'MISSED'}  ${what.padEnd(48)}${got.padStart(14)}   wanted ${wanted}`
}
