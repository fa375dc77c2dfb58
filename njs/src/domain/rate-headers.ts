/** RateLimit response headers after draft-ietf-httpapi-ratelimit-headers-11. */

import { formatPolicy, type LimitPolicy } from '../contract/limit-policy.ts'
import type { RateHeaders } from './decision.ts'

/** Where one subject stands with one policy. */
export interface PolicyState {
  readonly policy: LimitPolicy
  /** The quota that counted: the policy's, or the user's own. */
  readonly quota: number
  /** Requests that would still be admitted now. */
  readonly remaining: number
  /** Milliseconds until the next slot frees itself; 0 when none is taken. */
  readonly resetMs: number
}

/**
 * Returns both header values; empty strings without policies. Running answers are told only where they
 * are in the way: how many more may run says nothing about how many may be sent.
 */
export function rateHeaders(states: readonly PolicyState[], refused = false): RateHeaders {
  let policy = ''
  let state = ''
  // By index: this runs for every admission, and QuickJS takes long for iterators.
  for (let index = 0; index < states.length; index++) {
    const { policy: own, quota, remaining, resetMs } = states[index] as PolicyState
    const isWindow = own.kind === 'window'
    if (!isWindow && !(refused && remaining === 0)) continue
    const separator = policy === '' ? '' : ', '
    policy += separator + formatPolicy(quota === own.quota ? own : { ...own, quota })
    // When a running answer ends nobody knows, so `t` is told for windows only.
    state += `${separator}"${own.name}";r=${remaining}${isWindow ? `;t=${seconds(resetMs)}` : ''}`
  }
  return { policy, state }
}

/** Returns whole seconds, rounded up, so that whoever waits that long is never too early. */
export function seconds(ms: number): number {
  return Math.ceil(ms / 1000)
}
