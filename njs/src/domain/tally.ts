/**
 * What is counted for every request, in few words: counting in each series of its own, by its long
 * name, would cost a request more than its limits do. Spelled out when somebody asks for the figures.
 */

import type { Source } from './decision.ts'
import { decisionSeries, histogramSeries, limitSeries, type Sample } from './prometheus.ts'

/** Returns how a decision of the guard is counted. */
export function decisionTally(verdict: string, source: Source): string {
  return `decision ${verdict} ${source}`
}

/**
 * Returns how a request is counted that Redis has admitted.
 * @param policies names of the policies that let it pass, comma-separated, or empty
 * @param ms how long the round trip took
 */
export function admissionTally(policies: string, ms: number): string {
  return `admission ${ms} ${policies}`
}

/** Returns how a request is counted that a policy refuses. */
export function refusalTally(policy: string, source: Source): string {
  return `refusal ${policy} ${source}`
}

/** Returns how both are counted at once: a policy that is known to refuse, and the guard for it. */
export function floodTally(policy: string): string {
  return `flood ${policy}`
}

/** Returns what was counted with all tallies in the place of their series. */
export function spellOut(samples: readonly Sample[]): readonly Sample[] {
  const sums = new Map<string, number>()
  for (const [series, value] of samples.flatMap(spell)) {
    sums.set(series, (sums.get(series) ?? 0) + value)
  }
  return [...sums]
}

function spell(sample: Sample): readonly Sample[] {
  const [tally, times] = sample
  const [kind, first = '', second = ''] = tally.split(' ')
  switch (kind) {
    case 'decision':
      return [[decisionSeries(first, second), times]]
    case 'admission':
      return spellAdmission(Number(first) / 1000, second, times)
    case 'refusal':
      return [[limitSeries(first, 'refused', second), times]]
    case 'flood':
      return [
        [decisionSeries('rate_limited', 'memory'), times],
        [limitSeries(first, 'refused', 'memory'), times],
      ]
    default:
      return [sample]
  }
}

function spellAdmission(seconds: number, policies: string, times: number): readonly Sample[] {
  const { bucket, sum } = histogramSeries('chatgate_gate_redis_seconds', seconds)
  const names = policies === '' ? [] : policies.split(',')
  return [
    ['chatgate_gate_redis_calls_total{result="answered"}', times],
    [bucket, times],
    [sum, times * seconds],
    ...names.map((policy) => [limitSeries(policy, 'admitted', 'redis'), times] as const),
  ]
}
