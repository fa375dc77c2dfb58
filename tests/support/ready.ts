/** What /readyz on the private port says. */

import assert from 'node:assert/strict'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { plainHttp } from './plain-http.ts'

/** Longer than any change takes to show on a slow machine, ms. */
const PATIENCE_MS = 20_000

/** Returns the fields of the body, and the status as `http`. */
export async function readiness(plan: Plan): Promise<Readonly<Record<string, unknown>>> {
  const { status, text } = await plainHttp({ to: plan.settings.metricsPort, path: '/readyz' })
  return { http: status, ...JSON.parse(text) }
}

/** Resolves when all of this is said. */
export function awaitReadiness(
  plan: Plan,
  expected: Readonly<Record<string, unknown>>,
): Promise<void> {
  return waitFor(async () => {
    const actual = await readiness(plan)
    for (const [key, value] of Object.entries(expected)) assert.equal(actual[key], value, key)
  }, PATIENCE_MS)
}
