/**
 * What admit.lua promises, told a second time in the simplest way: every ruling of Redis is replayed
 * in the order in which it ran and held against lists of admitted requests.
 */

import assert from 'node:assert/strict'
import type { BoundPolicy } from '../../njs/src/domain/bound-policy.ts'
import type { PolicyState } from '../../njs/src/domain/rate-headers.ts'
import { policyKey, type Ruling } from './admit-script.ts'

/** What a policy's set holds: request ids with their scores. */
type Entries = Map<string, number>

/** One policy of one question. */
interface Count {
  readonly bound: BoundPolicy
  readonly entries: Entries
  /** The request's score before and after the question. */
  readonly old: number | undefined
  readonly score: number | undefined
  readonly state: PolicyState
}

export class LimitModel {
  readonly #sets = new Map<string, Entries>()
  /** When requests were admitted, by set, however long ago; microseconds. */
  readonly #admitted = new Map<string, number[]>()

  /** Takes the next ruling. @throws {AssertionError} if it is not what was promised */
  replay(requestId: string, policies: readonly BoundPolicy[], ruling: Ruling): void {
    const { admission, scores } = ruling
    assert.ok(admission.kind === 'answered')
    assert.equal(admission.states.length, policies.length)
    const counts = admission.states.map((state, index): Count => {
      const bound = policies[index]
      assert.ok(bound !== undefined)
      const entries = this.#entriesOf(bound)
      return { bound, entries, old: entries.get(requestId), score: scores[index], state }
    })
    if (admission.admitted) this.#replayAdmission(requestId, counts, ruling)
    else replayRefusal(counts, ruling)
  }

  /** Notes that a running answer has ended, or at `score` that it goes on. */
  setSlot(bound: BoundPolicy, requestId: string, score: number | undefined): void {
    const entries = this.#entriesOf(bound)
    if (score === undefined) entries.delete(requestId)
    else entries.set(requestId, score)
  }

  /** Returns the most requests that a window policy has admitted in any time of its length. */
  busiest(bound: BoundPolicy): number {
    const times = this.#admitted.get(policyKey(bound)) ?? []
    const windowUs = windowOf(bound)
    return times.reduce((most, end, index) => {
      const inside = times.slice(0, index + 1).filter((time) => time > end - windowUs)
      return Math.max(most, inside.length)
    }, 0)
  }

  /** Returns how many requests a window policy has admitted. */
  total(bound: BoundPolicy): number {
    return this.#admitted.get(policyKey(bound))?.length ?? 0
  }

  #replayAdmission(requestId: string, counts: readonly Count[], { before, after }: Ruling): void {
    for (const { bound, entries, old, score, state } of counts) {
      assert.ok(score !== undefined, `admitted, but not counted in ${bound.policy.name}`)
      if (score === old) {
        // Asked again: counted once.
        assert.ok(
          isLive(bound, score, before),
          `${bound.policy.name}: lapsed, but not counted anew`,
        )
        assertState(bound, entries, state, before, after)
        continue
      }
      const now = bound.policy.kind === 'window' ? score : score - windowOf(bound)
      assert.ok(before <= now && now <= after, `${bound.policy.name}: not counted at its time`)
      if (old !== undefined) assert.ok(!isLive(bound, old, now), 'counted twice')
      const live = liveAt(bound, entries, now)
      const { quota } = state
      assert.ok(
        live.length < quota,
        `${bound.policy.name}: ${live.length + 1} of ${quota} admitted`,
      )
      assert.equal(state.remaining, quota - live.length - 1)
      assert.equal(state.resetMs, msUntilRoom(bound, [...live, score], quota, now))
      entries.set(requestId, score)
      if (bound.policy.kind === 'window') this.#timesOf(bound).push(score)
    }
  }

  #entriesOf(bound: BoundPolicy): Entries {
    return getOrMake(this.#sets, policyKey(bound), () => new Map())
  }

  #timesOf(bound: BoundPolicy): number[] {
    return getOrMake(this.#admitted, policyKey(bound), () => [])
  }
}

function replayRefusal(counts: readonly Count[], { before, after }: Ruling): void {
  for (const { bound, entries, old, score, state } of counts) {
    // Nothing was written; what the request left there earlier may have lapsed.
    if (score !== undefined) assert.equal(score, old, `refused, but in ${bound.policy.name}`)
    assertState(bound, entries, state, before, after)
  }
  const hasReason = counts.some(
    ({ bound, entries, score, state }) =>
      score === undefined && liveAt(bound, entries, before).length >= state.quota,
  )
  assert.ok(hasReason, `refused with room in every policy: ${JSON.stringify(counts)}`)
}

/** When within the question Redis looked is known only roughly. */
function assertState(
  bound: BoundPolicy,
  entries: Entries,
  { quota, remaining, resetMs }: PolicyState,
  before: number,
  after: number,
): void {
  const { name } = bound.policy
  const [most, least] = [liveAt(bound, entries, before), liveAt(bound, entries, after)]
  assert.ok(Math.max(0, quota - most.length) <= remaining, `${name}: ${remaining} remaining`)
  assert.ok(remaining <= Math.max(0, quota - least.length), `${name}: ${remaining} remaining`)
  if (most.length !== least.length) return
  assert.ok(resetMs <= msUntilRoom(bound, most, quota, before), `${name}: reset ${resetMs}`)
  assert.ok(msUntilRoom(bound, least, quota, after) <= resetMs, `${name}: reset ${resetMs}`)
}

function liveAt(bound: BoundPolicy, entries: Entries, now: number): readonly number[] {
  return [...entries.values()].filter((score) => isLive(bound, score, now)).sort((a, b) => a - b)
}

function isLive(bound: BoundPolicy, score: number, now: number): boolean {
  return bound.policy.kind === 'window' ? score > now - windowOf(bound) : score > now
}

/**
 * Milliseconds until there is room for one request more than now, rounded up; 0 if nothing is taken.
 * Where a lowered quota leaves too many entries, several have to go first.
 */
function msUntilRoom(
  bound: BoundPolicy,
  live: readonly number[],
  quota: number,
  now: number,
): number {
  const next = live[Math.max(0, live.length - quota)]
  if (next === undefined) return 0
  const end = bound.policy.kind === 'window' ? next + windowOf(bound) : next
  return Math.ceil((end - now) / 1000)
}

function windowOf({ policy }: BoundPolicy): number {
  return policy.windowSeconds * 1_000_000
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}
