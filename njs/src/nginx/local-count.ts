/** The slots of local-slots.ts in shared memory. */

import { parseOwnLimits } from '../contract/own-limits.ts'
import {
  type BoundPolicy,
  ownLimitName,
  type SubjectPolicy,
  subjectOf,
} from '../domain/bound-policy.ts'
import type { Credential } from '../domain/credential.ts'
import {
  type LocalCount,
  recordSlot,
  release,
  type SlotStore,
  takeSlots,
} from '../domain/local-slots.ts'
import { count } from './counters.ts'
import { countsApartAt, noteCountsApart, noteIncompleteCount } from './redis-state.ts'
import { slots } from './zones.ts'

const STORE: SlotStore = {
  add: (key, untilMs) => slots.add(key, untilMs, lifeMs(untilMs)),
  replace: (key, untilMs) => slots.set(key, untilMs, lifeMs(untilMs)),
  until: (key) => slots.get(key),
  remove: (key) => slots.delete(key),
  begin: (count) => Math.floor(Math.random() * count),
}

/** A slot of a short window may be over by the time that Redis has answered. */
function lifeMs(untilMs: number): number {
  return Math.max(1, untilMs - Date.now())
}

/** Counts a request on this nginx alone; undefined if the zone has no room to count it. */
export function countLocally(
  policies: readonly BoundPolicy[],
  nowMs: number,
): LocalCount | undefined {
  try {
    return takeSlots(STORE, policies, nowMs)
  } catch {
    return undefined
  }
}

/** Returns true while Redis may not know of a request inside the window of one of the policies. */
export function isSettling(policies: readonly SubjectPolicy[], nowMs: number): boolean {
  const apartAt = countsApartAt()
  if (apartAt === undefined) return false
  return policies.some(
    ({ policy }) => policy.kind === 'window' && nowMs < apartAt + policy.windowSeconds * 1000,
  )
}

/** Notes that Redis may have lost what it counted; of no account if nothing was counted yet. */
export function noteRedisForgot(nowMs: number): void {
  if (slots.keys(1).length > 0) noteCountsApart(nowMs)
}

/** Takes back what countLocally took. */
export function uncountLocally({ keys }: LocalCount): void {
  release(STORE, keys)
}

/**
 * Counts a request that Redis has admitted, so that a switch to the local count finds it.
 * @param address `ip:<address>`, if any of the policies counts it
 */
export function recordAdmission(
  policies: readonly SubjectPolicy[],
  credential: Credential | undefined,
  address: string,
  ownLimits: string,
  nowMs: number,
): void {
  const quotas = ownLimits === '' ? undefined : parseOwnLimits(ownLimits)
  // By index: this runs for every admission, and QuickJS takes long for iterators.
  for (let index = 0; index < policies.length; index++) {
    const { policy, subject } = policies[index] as SubjectPolicy
    if (policy.kind !== 'window') continue
    const quota = quotas?.get(ownLimitName(subject, credential?.kind, policy.name))
    const own = quota === undefined ? policy : { ...policy, quota }
    try {
      recordSlot(STORE, own, subjectOf(subject, credential, address), nowMs)
    } catch {
      count('chatgate_gate_local_slots_lost_total')
      noteIncompleteCount(nowMs + policy.windowSeconds * 1000)
    }
  }
}
