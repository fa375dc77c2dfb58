/** What the gate counted, read from its private port. */

import assert from 'node:assert/strict'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { type ExposedFamily, type ExposedSample, readExposition } from './exposition.ts'
import { plainHttp } from './plain-http.ts'

/** Longer than any change needs to show on a slow machine, ms. */
const PATIENCE_MS = 15_000

export type Labels = Readonly<Record<string, string>>

export class Metrics {
  readonly families: ReadonlyMap<string, ExposedFamily>

  constructor(text: string) {
    this.families = readExposition(text)
  }

  /** Returns the sum of the series that have these labels at least; 0 if there is none. */
  sum(name: string, labels: Labels = {}): number {
    const family = this.families.get(name) ?? this.families.get(name.replace(/_[a-z]+$/, ''))
    if (family === undefined) throw new Error(`there is no metric ${name}`)
    return family.samples
      .filter((sample) => sample.name === name)
      .filter((sample) =>
        Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
      )
      .reduce((sum, { value }) => sum + value, 0)
  }
}

/** Returns the metrics as they are now. */
export async function readMetrics(plan: Plan): Promise<Metrics> {
  const { status, text } = await plainHttp({ to: plan.settings.metricsPort, path: '/metrics' })
  assert.equal(status, 200)
  return new Metrics(text)
}

/** Resolves when the metric has the value; at once if it has it. */
export async function awaitMetric(
  plan: Plan,
  name: string,
  value: number,
  labels: Labels = {},
): Promise<void> {
  await waitFor(async () => {
    assert.equal((await readMetrics(plan)).sum(name, labels), value, name)
  }, PATIENCE_MS)
}

/**
 * Returns what was counted between two readings: label values, joined by spaces, and the increase;
 * without what has not changed.
 */
export function increase(
  before: Metrics,
  after: Metrics,
  name: string,
): Readonly<Record<string, number>> {
  const samples = (metrics: Metrics) => metrics.families.get(name)?.samples ?? []
  const title = ({ labels }: ExposedSample) => Object.values(labels).join(' ')
  const old = new Map(samples(before).map((sample) => [title(sample), sample.value]))
  const changes = samples(after).map(
    (sample) => [title(sample), sample.value - (old.get(title(sample)) ?? 0)] as const,
  )
  return Object.fromEntries(changes.filter(([, change]) => change !== 0))
}
