/**
 * What the gate counts, in memory shared by nginx's processes. A counter's key is the line that
 * Prometheus reads (handlers/metrics.ts), so that counting costs one step and no lookup.
 */

import { admissionSeries, expandAdmissions } from '../domain/admission-series.ts'
import type { Source } from '../domain/decision.ts'
import { decisionSeries, histogramSeries, limitSeries, type Sample } from '../domain/prometheus.ts'
import { counters } from './zones.ts'

/** Adds to a series, made when it is first counted. */
export function count(series: string, by = 1): void {
  try {
    counters.incr(series, by, 0)
  } catch {
    // The zone is full: a figure is missing, which must not cost anybody a request.
  }
}

/** Series by source and verdict or policy: a pure cache, because making a name costs more than counting. */
const decisions = noNames()
const refused = noNames()

/** Series by names of policies and milliseconds, of which there are few: a pure cache too. */
const admissions: Record<string, string[]> = {}

function noNames(): Readonly<Record<Source, Record<string, string>>> {
  return { own: {}, cache: {}, stale: {}, redis: {}, local: {}, memory: {} }
}

/** Counts one decision of the guard. */
export function countDecision(verdict: string, source: Source): void {
  const names = decisions[source]
  names[verdict] ??= decisionSeries(verdict, source)
  count(names[verdict])
}

/** Counts a request that a policy refused. */
export function countRefused(policy: string, source: Source): void {
  const names = refused[source]
  names[policy] ??= limitSeries(policy, 'refused', source)
  count(names[policy])
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
  admissions[policies] ??= []
  const byMs = admissions[policies]
  byMs[ms] ??= admissionSeries(policies, ms)
  count(byMs[ms])
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

/** Returns every series counted so far with its value. */
export function countedSeries(): readonly Sample[] {
  const samples = counters.keys(MAX_SERIES).map((key) => [key, counters.get(key) ?? 0] as const)
  return expandAdmissions(samples)
}

/** More than there are verdicts, sources and policies together. */
const MAX_SERIES = 4096
