/** RateLimit response headers after draft-ietf-httpapi-ratelimit-headers-11. */

import type { LimitPolicy } from '../contract/limit-policy.ts'
import type { RateHeaders } from './decision.ts'

/** Where one subject stands with one policy. */
export interface PolicyState {
  readonly policy: LimitPolicy
  /** Requests that would still be admitted now. */
  readonly remaining: number
  /** Milliseconds until the next slot frees itself; 0 when none is taken. */
  readonly resetMs: number
}

/** Returns both header values; empty strings without policies. */
export function rateHeaders(states: readonly PolicyState[]): RateHeaders {
  return {
    policy: states
      .map(({ policy }) => `"${policy.name}";q=${policy.quota};w=${policy.windowSeconds}`)
      .join(', '),
    state: states
      .map(
        ({ policy, remaining, resetMs }) => `"${policy.name}";r=${remaining};t=${seconds(resetMs)}`,
      )
      .join(', '),
  }
}

/** Returns whole seconds, rounded up, so that whoever waits that long is never too early. */
export function seconds(ms: number): number {
  return Math.ceil(ms / 1000)
}
