/**
 * Counting on this nginx alone, for the time without Redis: each admitted request takes one of `q`
 * slots of its subject for `w` seconds, so at most `q` are alive at any moment, whichever of nginx's
 * processes asks. Requests that Redis admitted take slots too; so a switch between the two does not
 * double a limit.
 */

import type { LimitPolicy } from '../contract/limit-policy.ts'
import type { BoundPolicy } from './bound-policy.ts'
import type { PolicyState } from './rate-headers.ts'

/** Keys with a time of death, shared by all processes of one nginx. */
export interface SlotStore {
  /**
   * Takes the key until then; returns false if it is taken. Atomic.
   * @throws if there is no memory left
   */
  add(key: string, untilMs: number): boolean
  /** Takes the key until then whether it is taken or not. @throws if there is no memory left */
  replace(key: string, untilMs: number): void
  /** Returns until when the key is taken (Unix ms), or undefined if it is free. */
  until(key: string): number | undefined
  remove(key: string): void
  /** Returns a number from 0 to below `count`, best another one each time: where to begin looking. */
  begin(count: number): number
}

/**
 * How many of a subject's slots are looked at to say how many are left. With a larger quota that is an
 * estimate: one request must not cost what a thousand do.
 */
const MAX_LOOKS = 128

interface Slot {
  readonly key: string
  /** Unix milliseconds. */
  readonly untilMs: number
}

export interface LocalCount {
  readonly admitted: boolean
  readonly states: readonly PolicyState[]
  /** The slots taken; none unless admitted. */
  readonly keys: readonly string[]
}

/**
 * Takes one slot for each window policy, or none at all if one of them has none left. Running answers
 * are not counted: without Redis nobody could say that one has ended.
 * @throws what the store throws when it is full; nothing is taken then
 */
export function takeSlots(
  store: SlotStore,
  policies: readonly BoundPolicy[],
  nowMs: number,
): LocalCount {
  const windows = policies.filter(({ policy }) => policy.kind === 'window')
  const keys: string[] = []
  try {
    for (const { policy, subject } of windows) {
      const key = takeOne(store, policy, subject, nowMs)
      if (key === undefined) break
      keys.push(key)
    }
  } catch (error) {
    release(store, keys)
    throw error
  }
  const admitted = keys.length === windows.length
  if (!admitted) release(store, keys)
  return {
    admitted,
    states: windows.map((bound, index) => stateOf(store, bound, nowMs, index === keys.length)),
    keys: admitted ? keys : [],
  }
}

/** Returns where a request stands that both counts have admitted: of each policy the stricter one. */
export function stricterStates(
  states: readonly PolicyState[],
  others: readonly PolicyState[],
): readonly PolicyState[] {
  return states.map((state) => {
    const other = others.find(({ policy }) => policy.name === state.policy.name)
    return other !== undefined && other.remaining < state.remaining ? other : state
  })
}

/** Gives slots back, of a request that was refused after all. */
export function release(store: SlotStore, keys: readonly string[]): void {
  for (const key of keys) store.remove(key)
}

/**
 * Takes a slot for a request that Redis has admitted.
 * @throws what the store throws when it is full
 */
export function recordSlot(
  store: SlotStore,
  policy: LimitPolicy,
  subject: string,
  nowMs: number,
): void {
  if (takeOne(store, policy, subject, nowMs) !== undefined) return
  // Redis' clock was a little ahead: the entry it has dropped is the one here that is about to go.
  const { key } = survey(store, policy, subject).earliest ?? { key: slotName(policy, subject, 0) }
  store.replace(key, nowMs + policy.windowSeconds * 1000)
}

/** Takes a free slot and returns its key, or undefined if all are taken. */
function takeOne(
  store: SlotStore,
  policy: LimitPolicy,
  subject: string,
  nowMs: number,
): string | undefined {
  const { quota, windowSeconds } = policy
  const untilMs = nowMs + windowSeconds * 1000
  const start = store.begin(quota)
  for (let step = 0; step < quota; step++) {
    const key = slotName(policy, subject, (start + step) % quota)
    if (store.add(key, untilMs)) return key
  }
  return undefined
}

/** @param isExhausted of the policy that refused, even should a slot have freed itself since */
function stateOf(
  store: SlotStore,
  { policy, subject }: BoundPolicy,
  nowMs: number,
  isExhausted: boolean,
): PolicyState {
  const { used, earliest } = survey(store, policy, subject)
  return {
    policy,
    quota: policy.quota,
    remaining: isExhausted ? 0 : policy.quota - used,
    // The store's clock may be a moment behind: a slot that is still taken frees itself in the future.
    resetMs: earliest === undefined ? 0 : Math.max(1, earliest.untilMs - nowMs),
  }
}

/** Returns how many slots are taken, and the one that frees itself next, of those it looked at. */
function survey(
  store: SlotStore,
  policy: LimitPolicy,
  subject: string,
): { readonly used: number; readonly earliest: Slot | undefined } {
  const { quota } = policy
  const looks = Math.min(quota, MAX_LOOKS)
  const start = store.begin(quota)
  let used = 0
  let earliest: Slot | undefined
  for (let look = 0; look < looks; look++) {
    const key = slotName(policy, subject, (start + Math.floor((look * quota) / looks)) % quota)
    const untilMs = store.until(key)
    if (untilMs === undefined) continue
    used += 1
    if (earliest === undefined || untilMs < earliest.untilMs) earliest = { key, untilMs }
  }
  return { used: Math.ceil((used * quota) / looks), earliest }
}

function slotName(policy: LimitPolicy, subject: string, index: number): string {
  return `${slotStart(policy, subject)}#${index}`
}

/** Returns how the key of a slot begins, up to `#` and its number. */
export function slotStart({ name, windowSeconds }: LimitPolicy, subject: string): string {
  return `${name};${windowSeconds}|${subject}`
}
