/**
 * Subjects that are over a limit, remembered until their next slot frees itself, so that a flood is
 * answered without Redis. Only refusals are remembered, never admissions.
 */

import type { BoundPolicy } from '../domain/admission.ts'
import type { PolicyState } from '../domain/rate-headers.ts'

function refusals(): NgxSharedDict<number> {
  const dict = ngx.shared['gate_refusals']
  if (dict === undefined) throw new Error('js_shared_dict_zone gate_refusals is missing')
  return dict as NgxSharedDict<number>
}

/** The policy's numbers are part of the key: the zone outlives a reload that changes them. */
function key({ policy, subject }: BoundPolicy): string {
  return `${policy.name};${policy.quota};${policy.windowSeconds}|${subject}`
}

/** Returns the exhausted policies of the request as states, or an empty list. */
export function rememberedRefusals(
  policies: readonly BoundPolicy[],
  nowMs: number,
): readonly PolicyState[] {
  const states: PolicyState[] = []
  for (const bound of policies) {
    const until = refusals().get(key(bound))
    if (until !== undefined && until > nowMs) {
      states.push({ policy: bound.policy, remaining: 0, resetMs: until - nowMs })
    }
  }
  return states
}

/** Remembers every exhausted policy of a refused request. */
export function rememberRefusals(
  policies: readonly BoundPolicy[],
  states: readonly PolicyState[],
  nowMs: number,
): void {
  for (const [index, state] of states.entries()) {
    const bound = policies[index]
    if (bound !== undefined && state.remaining === 0 && state.resetMs > 0) {
      refusals().set(key(bound), nowMs + state.resetMs, state.resetMs)
    }
  }
}
