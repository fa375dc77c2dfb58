/** The refusal of a call for which a quota has no room. */

import { Failure } from './failure.ts'
import type { QuotaAccount } from './stores/quota-state.ts'

/**
 * Returns the failure. The last of the quotas to begin anew says when.
 * @param full at least one
 * @param now Unix milliseconds
 */
export function quotaExhausted(
  full: readonly QuotaAccount[],
  timeZone: string,
  now: number,
): Failure {
  const resetsAt = Math.max(...full.map(({ end }) => end))
  return new Failure('quota_exhausted', {
    retryAfter: Math.max(1, Math.ceil((resetsAt - now) / 1000)),
    reset: { at: new Date(resetsAt).toISOString(), text: momentText(resetsAt, timeZone) },
  })
}

/** Returns a moment as people in the zone write it: `2026-12-02 00:00 (Asia/Shanghai)`. */
function momentText(at: number, timeZone: string): string {
  // Sweden writes dates as ISO 8601 does.
  const text = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'short',
  }).format(at)
  return `${text} (${timeZone})`
}
