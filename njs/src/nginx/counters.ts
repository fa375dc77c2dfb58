/** What the gate counts, in memory shared by nginx's processes. A counter's key is its series or tally. */

import type { Source } from '../domain/decision.ts'
import { histogramSeries, limitSeries, type Sample } from '../domain/prometheus.ts'
import { admissionTally, decisionTally, refusalTally, spellOut } from '../domain/tally.ts'
import { counters } from './zones.ts'

/** Adds to a series or tally, made when it is first counted. */
export function count(series: string, by = 1): void {
  try {
    counters.incr(series, by, 0)
  } catch {
    // The zone is full: a figure is missing, which must not cost anybody a request.
  }
}

/** Counts one decision of the guard. */
export function countDecision(verdict: string, source: Source): void {
  count(decisionTally(verdict, source))
}

/** Counts a request that a policy refused. */
export function countRefused(policy: string, source: Source): void {
  count(refusalTally(policy, source))
}

/** Counts a request that a policy let pass without Redis. */
export function countAdmittedLocally(policy: string): void {
  count(limitSeries(policy, 'admitted', 'local'))
}

/**
 * Counts a round trip to Redis that admitted a request.
 * @param policies names of the policies that let it pass, comma-separated, or empty
 * @param ms whole milliseconds, as nginx's clock has no smaller ones
 */
export function countAdmission(policies: string, ms: number): void {
  const tally = admissionTally(policies, ms)
  if (ms <= MAX_TALLY_MS) count(tally)
  else for (const [series, by] of spellOut([[tally, 1]])) count(series, by)
}

/**
 * Counts a round trip to Redis that did not.
 * @param result `failed` ones took the time until they were given up, `crowded` ones were not sent
 */
export function countRedisCall(result: 'answered' | 'failed' | 'crowded', ms: number): void {
  const { bucket, sum } = histogramSeries('chatgate_gate_redis_seconds', ms / 1000)
  count(`chatgate_gate_redis_calls_total{result="${result}"}`)
  count(bucket)
  count(sum, ms / 1000)
}

/** Slower ones are few, and a tally for each millisecond would fill the zone. */
const MAX_TALLY_MS = 20

/** Returns every series counted so far with its value. */
export function countedSeries(): readonly Sample[] {
  return spellOut(counters.keys(MAX_SERIES).map((key) => [key, counters.get(key) ?? 0] as const))
}

/** More than there are verdicts, sources, policies and tallies together. */
const MAX_SERIES = 4096
