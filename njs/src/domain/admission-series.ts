/**
 * One admission by Redis as a single series: counting it in each of its own would cost a request more
 * than the limits do. It is taken apart when somebody asks for the figures.
 */

import { histogramSeries, limitSeries, type Sample } from './prometheus.ts'

const NAME = 'admission'

/**
 * Returns the series of an admission.
 * @param policies names of the policies that let it pass, comma-separated, or empty
 * @param ms how long the round trip took
 */
export function admissionSeries(policies: string, ms: number): string {
  return `${NAME} ${ms} ${policies}`
}

/** Returns what was counted with all series of admissions in their place. */
export function expandAdmissions(samples: readonly Sample[]): readonly Sample[] {
  const sums = new Map<string, number>()
  for (const [series, value] of samples.flatMap(expand)) {
    sums.set(series, (sums.get(series) ?? 0) + value)
  }
  return [...sums]
}

function expand(sample: Sample): readonly Sample[] {
  const [series, times] = sample
  const [name, ms, policies = ''] = series.split(' ')
  if (name !== NAME) return [sample]
  const { bucket, sum } = histogramSeries('chatgate_gate_redis_seconds', Number(ms) / 1000)
  const names = policies === '' ? [] : policies.split(',')
  return [
    ['chatgate_gate_redis_calls_total{result="answered"}', times],
    [bucket, times],
    [sum, (times * Number(ms)) / 1000],
    ...names.map((policy) => [limitSeries(policy, 'admitted', 'redis'), times] as const),
  ]
}
