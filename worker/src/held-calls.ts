/**
 * The calls of this worker for which quotas hold something: renewed while they run, and kept until what they
 * have used is counted in Redis.
 */

import type { Logger } from 'pino'
import { HOLD_RENEW_MS, type QuotaState } from './stores/quota-state.ts'

/** What a call has used; money in 10^-10. */
export interface UsedByCall {
  readonly tokens: bigint
  readonly money: bigint
}

interface Held {
  readonly uid: string
  /** False once the call has ended. */
  isRunning: boolean
  /** Set once the call is settled in MySQL. */
  used: UsedByCall | undefined
}

export interface HeldCalls {
  has(id: string): boolean
  /** From now on the call's hold is renewed. */
  hold(uid: string, id: string): void
  /** The call has ended; its hold goes on until it is settled. */
  end(id: string): void
  /** The call is settled: counts it in Redis, however long that takes. Resolves soon; never rejects. */
  count(uid: string, id: string, used: UsedByCall): Promise<void>
  /** Lets the hold go, to lapse or because the call was never made. Returns whose it was. */
  drop(id: string): string | undefined
  /** Does once what is to be done every few seconds. */
  renew(): Promise<void>
}

/** The end of an answer waits no longer than this for a Redis that does not answer, ms. */
const COUNT_LIMIT_MS = 150

export function createHeldCalls(
  state: Pick<QuotaState, 'renew' | 'settle'>,
  log: Logger,
): HeldCalls {
  const held = new Map<string, Held>()
  /** One for all calls; there is none while nothing is held. */
  let timer: NodeJS.Timeout | undefined

  function add(id: string, call: Held): void {
    held.set(id, call)
    timer ??= setInterval(() => void renew(), HOLD_RENEW_MS).unref()
  }

  function remove(id: string): void {
    held.delete(id)
    if (held.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  async function settle(uid: string, id: string, { tokens, money }: UsedByCall): Promise<void> {
    try {
      await state.settle(uid, id, tokens, money)
      remove(id)
    } catch (err) {
      log.debug({ requestId: id, err }, 'use of quotas not counted yet')
    }
  }

  async function renew(): Promise<void> {
    const byUser = new Map<string, string[]>()
    for (const [id, { uid, used }] of held) {
      if (used === undefined) byUser.set(uid, [...(byUser.get(uid) ?? []), id])
    }
    await Promise.all([
      ...[...held].flatMap(([id, { uid, used }]) => (used ? [settle(uid, id, used)] : [])),
      ...[...byUser].map(([uid, ids]) => renewOf(uid, ids)),
    ])
  }

  async function renewOf(uid: string, ids: readonly string[]): Promise<void> {
    const calls = ids.map((id) => ({ id, isRunning: held.get(id)?.isRunning === true }))
    try {
      for (const id of await state.renew(uid, calls)) {
        const call = held.get(id)
        // Another worker has settled it out of a spool.
        if (call !== undefined && !call.isRunning && call.used === undefined) remove(id)
      }
    } catch (err) {
      log.debug({ uid, err }, 'holds of quotas not renewed')
    }
  }

  return {
    has: (id) => held.has(id),
    hold: (uid, id) => add(id, { uid, isRunning: true, used: undefined }),
    end(id) {
      const call = held.get(id)
      if (call !== undefined) call.isRunning = false
    },
    async count(uid, id, used) {
      add(id, { uid, isRunning: false, used })
      await atMost(COUNT_LIMIT_MS, settle(uid, id, used))
    },
    drop(id) {
      const uid = held.get(id)?.uid
      remove(id)
      return uid
    },
    renew,
  }
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
