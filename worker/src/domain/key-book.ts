/**
 * What this worker knows of the keys' health. In memory only: it is worth nothing after a minute, and
 * what lasts longer, a fault, goes to MySQL, where every worker finds it.
 */

import {
  afterSign,
  HEALTHY,
  type KeyFault,
  type KeyHealth,
  type KeySign,
  readiness,
  takeTrial,
} from './key-health.ts'
import type { PooledKey } from './upstream-key.ts'

/** Why no call may use a key just now. */
export type KeyObstacle =
  | { readonly kind: 'fault'; readonly fault: KeyFault }
  /** Its account (cooling) or its server (failing) is left alone until then, Unix milliseconds. */
  | { readonly kind: 'cooling' | 'failing'; readonly until: number }

export interface KeyBook {
  /** Returns why a call may not use the key, or undefined if one may. */
  obstacle(key: PooledKey, now: number): KeyObstacle | undefined
  /** Takes the trial for `ms` if the key's breaker is half open; returns whether it did. */
  takeTrial(key: PooledKey, ms: number, now: number): boolean
  /** Takes the trial that one has for longer; nothing happens if the key is an earlier one. */
  keepTrial(key: PooledKey, ms: number, now: number): void
  /**
   * Notes what a call has told; nothing of a key that another one has replaced meanwhile.
   * @param isTrial whether the call has the trial, which ends with it
   */
  note(key: PooledKey, sign: KeySign, isTrial: boolean, now: number): void
}

/** A fault holds here until MySQL tells it to all; if that fails, another call may find it again. */
export const FAULT_MS = 60_000
/** When others may ask again while a trial runs: most are over by then. */
const TRIAL_HINT_MS = 2000

interface Entry {
  readonly version: number
  readonly health: KeyHealth
  readonly fault?: { readonly kind: KeyFault; readonly until: number }
}

export function createKeyBook(): KeyBook {
  const entries = new Map<string, Entry>()
  /** Until when each account is left alone. */
  const cooling = new Map<string, number>()

  /** A key that was replaced or let in again starts anew. */
  function entryOf({ id, version }: PooledKey): Entry {
    const entry = entries.get(id)
    return entry?.version === version ? entry : { version, health: HEALTHY }
  }

  /** Returns true if more is known of a key that came after this one. */
  function isEarlier({ id, version }: PooledKey): boolean {
    return version < (entries.get(id)?.version ?? 0)
  }

  function faultOf(key: PooledKey, now: number): KeyFault | undefined {
    const { fault } = entryOf(key)
    return key.fault ?? (fault !== undefined && now < fault.until ? fault.kind : undefined)
  }

  function keepTrial(key: PooledKey, ms: number, now: number): void {
    if (isEarlier(key)) return
    const entry = entryOf(key)
    entries.set(key.id, { ...entry, health: takeTrial(entry.health, ms, now) })
  }

  return {
    obstacle(key, now) {
      const fault = faultOf(key, now)
      if (fault !== undefined) return { kind: 'fault', fault }
      const coolUntil = cooling.get(key.account) ?? 0
      if (now < coolUntil) return { kind: 'cooling', until: coolUntil }
      const { health } = entryOf(key)
      if (readiness(health, now) !== 'waiting') return undefined
      const until = now < health.openUntil ? health.openUntil : now + TRIAL_HINT_MS
      return { kind: 'failing', until }
    },

    takeTrial(key, ms, now) {
      if (readiness(entryOf(key).health, now) !== 'trial') return false
      keepTrial(key, ms, now)
      return true
    },

    keepTrial,

    note(key, sign, isTrial, now) {
      if (isEarlier(key)) return
      const { fault, ...entry } = entryOf(key)
      entries.set(key.id, {
        ...entry,
        health: afterSign(entry.health, sign, isTrial, now),
        ...(fault !== undefined && sign.kind !== 'good' && { fault }),
        ...(sign.kind === 'fault' && { fault: { kind: sign.fault, until: now + FAULT_MS } }),
      })
      if (sign.kind === 'busy') {
        const until = Math.max(cooling.get(key.account) ?? 0, now + sign.waitMs)
        cooling.set(key.account, until)
      }
    },
  }
}
