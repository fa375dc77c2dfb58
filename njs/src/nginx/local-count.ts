/** The slots of local-slots.ts in shared memory. */

import type { BoundPolicy } from '../domain/bound-policy.ts'
import {
  type LocalCount,
  recordSlot,
  release,
  type SlotStore,
  takeSlots,
} from '../domain/local-slots.ts'
import type { PolicyState } from '../domain/rate-headers.ts'
import { count } from './counters.ts'
import { countsApartAt, noteCountsApart, noteIncompleteCount } from './redis-state.ts'
import { numberZone } from './shared-zone.ts'

const ZONE = 'gate_slots'

function slots(nowMs: number): SlotStore {
  const dict = numberZone(ZONE)
  return {
    add: (key, untilMs) => dict.add(key, untilMs, untilMs - nowMs),
    replace: (key, untilMs) => dict.set(key, untilMs, untilMs - nowMs),
    until: (key) => dict.get(key),
    remove: (key) => dict.delete(key),
    begin: (count) => Math.floor(Math.random() * count),
  }
}

/** Counts a request on this nginx alone; undefined if the zone has no room to count it. */
export function countLocally(
  policies: readonly BoundPolicy[],
  nowMs: number,
): LocalCount | undefined {
  try {
    return takeSlots(slots(nowMs), policies, nowMs)
  } catch {
    return undefined
  }
}

/** Returns true while Redis may not know of a request inside the window of one of the policies. */
export function isSettling(policies: readonly BoundPolicy[], nowMs: number): boolean {
  const apartAt = countsApartAt()
  if (apartAt === undefined) return false
  return policies.some(
    ({ policy }) => policy.kind === 'window' && nowMs < apartAt + policy.windowSeconds * 1000,
  )
}

/** Notes that Redis may have lost what it counted; of no account if nothing was counted yet. */
export function noteRedisForgot(nowMs: number): void {
  if (numberZone(ZONE).keys(1).length > 0) noteCountsApart(nowMs)
}

/** Takes back what countLocally took. */
export function uncountLocally({ keys }: LocalCount, nowMs: number): void {
  release(slots(nowMs), keys)
}

/** Counts a request that Redis has admitted, so that a switch to the local count finds it. */
export function recordAdmission(
  policies: readonly BoundPolicy[],
  states: readonly PolicyState[],
  nowMs: number,
): void {
  const store = slots(nowMs)
  // By index: this runs for every admission, and QuickJS takes long for iterators.
  for (let index = 0; index < states.length; index++) {
    const { policy, quota } = states[index] as PolicyState
    const bound = policies[index]
    if (bound === undefined || policy.kind !== 'window') continue
    const own = quota === policy.quota ? bound : { ...bound, policy: { ...policy, quota } }
    try {
      recordSlot(store, own, nowMs)
    } catch {
      count('chatgate_gate_local_slots_lost_total')
      noteIncompleteCount(nowMs + policy.windowSeconds * 1000)
    }
  }
}
