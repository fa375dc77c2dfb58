/** Counted series as text for Prometheus (exposition format 0.0.4). */

import { METRIC_FAMILIES, type MetricFamily } from './metric-families.ts'

/** A series with its labels, as seriesName writes it, and its value. */
export type Sample = readonly [series: string, value: number]

const HISTOGRAM_PART = /_(?:bucket|sum)$/

/** Returns the name of a series; label values may hold anything. */
export function seriesName(family: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return `${family}{${pairs.join(',')}}`
}

/** Returns the series of the guard's decisions of one kind. */
export function decisionSeries(verdict: string, source: string): string {
  return `chatgate_gate_decisions_total{verdict="${verdict}",source="${source}"}`
}

/** Returns the series of what one policy said. */
export function limitSeries(
  policy: string,
  result: 'admitted' | 'refused',
  source: string,
): string {
  return `chatgate_gate_limit_total{policy="${policy}",result="${result}",source="${source}"}`
}

/** Returns the two series in which an observation is counted: its bucket, and the sum of all. */
export function histogramSeries(
  family: string,
  value: number,
): { readonly bucket: string; readonly sum: string } {
  const bound = METRIC_FAMILIES[family]?.bounds?.find((limit) => value <= limit)
  return { bucket: bucketName(family, bound ?? Infinity), sum: `${family}_sum` }
}

/**
 * Returns the text: every family with its help and type, those without samples too. Buckets come as
 * counted, each observation in one bucket, and go out cumulative. Samples of no family are left out.
 */
export function formatMetrics(samples: readonly Sample[]): string {
  return Object.entries(METRIC_FAMILIES)
    .map(([name, family]) => {
      const own = new Map([
        ...(family.always ?? []).map((labels) => [`${name}${labels}`, 0] as const),
        ...samples.filter(([series]) => familyOf(series) === name).sort(bySeries),
      ])
      const lines = family.type === 'histogram' ? histogram(name, family, own) : [...own]
      const text = lines.map(([series, value]) => `${series} ${value}\n`).join('')
      return `# HELP ${name} ${family.help}\n# TYPE ${name} ${family.type}\n${text}`
    })
    .join('')
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function familyOf(series: string): string {
  const name = series.split('{', 1)[0] ?? ''
  return Object.hasOwn(METRIC_FAMILIES, name) ? name : name.replace(HISTOGRAM_PART, '')
}

function histogram(
  name: string,
  { bounds = [] }: MetricFamily,
  counted: ReadonlyMap<string, number>,
): readonly Sample[] {
  let total = 0
  const buckets = [...bounds, Infinity].map((bound): Sample => {
    const bucket = bucketName(name, bound)
    total += counted.get(bucket) ?? 0
    return [bucket, total]
  })
  return [...buckets, [`${name}_sum`, counted.get(`${name}_sum`) ?? 0], [`${name}_count`, total]]
}

function bucketName(family: string, bound: number): string {
  return `${family}_bucket{le="${bound === Infinity ? '+Inf' : bound}"}`
}

function bySeries([a]: Sample, [b]: Sample): number {
  return a < b ? -1 : a > b ? 1 : 0
}
