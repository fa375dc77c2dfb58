/** The refusal of a request whose subject has used up a limit. */

import { type Deny, deny, type Source } from './decision.ts'
import { type PolicyState, rateHeaders, seconds } from './rate-headers.ts'

/**
 * Returns the refusal: which policies are exhausted, and when all of them have room again.
 * @param states at least one of them exhausted
 * @param uid users.id, or empty for an address
 */
export function overLimit(states: readonly PolicyState[], source: Source, uid = ''): Deny {
  const exhausted = states.filter(({ remaining }) => remaining === 0)
  const [first] = exhausted
  const limit = first && { quota: first.quota, windowSeconds: first.policy.windowSeconds }
  const onlyStreams = exhausted.every(({ policy }) => policy.kind === 'concurrent')
  return deny(onlyStreams ? 'too_many_streams' : 'rate_limited', {
    source,
    uid,
    rate: rateHeaders(states, true),
    details: {
      retryAfter: seconds(waitMs(exhausted)),
      violatedPolicies: exhausted.map((state) => state.policy.name),
      ...(limit && { limit }),
    },
  })
}

/** Returns how long the subject has to wait, in milliseconds: until every exhausted policy has room. */
export function waitMs(exhausted: readonly PolicyState[]): number {
  return Math.max(1, ...exhausted.map(({ resetMs }) => resetMs))
}
