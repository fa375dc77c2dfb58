/**
 * What the gate counts, in memory shared by nginx's processes. A counter's key is the line that
 * Prometheus reads (handlers/metrics.ts), so that counting costs one step and no lookup.
 */

import type { Source } from '../domain/decision.ts'
import { histogramSeries, type Sample } from '../domain/prometheus.ts'
import { numberZone } from './shared-zone.ts'

const ZONE = 'gate_counters'

/** Adds to a series, made when it is first counted. */
export function count(series: string, by = 1): void {
  try {
    numberZone(ZONE).incr(series, by, 0)
  } catch {
    // The zone is full: a figure is missing, which must not cost anybody a request.
  }
}

/** Series by source and verdict or policy: a pure cache, because making a name costs more than counting. */
const decisions = noNames()
const limits = noNames()

/** Series by milliseconds, of which there are few before a call is given up: a pure cache too. */
const latencies: Record<number, ReturnType<typeof histogramSeries>> = {}

function noNames(): Readonly<Record<Source, Record<string, string>>> {
  return { own: {}, cache: {}, stale: {}, redis: {}, local: {}, memory: {} }
}

/** Counts one decision of the guard. */
export function countDecision(verdict: string, source: Source): void {
  const names = decisions[source]
  names[verdict] ??= `chatgate_gate_decisions_total{verdict="${verdict}",source="${source}"}`
  count(names[verdict])
}

/** Counts what one policy said about one request. */
export function countPolicy(policy: string, result: 'admitted' | 'refused', source: Source): void {
  const names = limits[source]
  const key = `${policy} ${result}`
  names[key] ??=
    `chatgate_gate_limit_total{policy="${policy}",result="${result}",source="${source}"}`
  count(names[key])
}

/**
 * Counts one round trip to Redis. `failed` ones took the time until they were given up.
 * @param ms whole milliseconds, as nginx's clock has no smaller ones
 */
export function countRedisCall(result: 'answered' | 'failed', ms: number): void {
  count(`chatgate_gate_redis_calls_total{result="${result}"}`)
  latencies[ms] ??= histogramSeries('chatgate_gate_redis_seconds', ms / 1000)
  count(latencies[ms].bucket)
  if (ms > 0) count(latencies[ms].sum, ms / 1000)
}

/** Returns every series counted so far with its value. */
export function countedSeries(): readonly Sample[] {
  const dict = numberZone(ZONE)
  return dict.keys(MAX_SERIES).map((key) => [key, dict.get(key) ?? 0] as const)
}

/** More than there are verdicts, sources and policies together. */
const MAX_SERIES = 4096
