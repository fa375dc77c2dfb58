/**
 * The slots of running answers. The gate takes one when it admits a request; from then on it is ours
 * to renew while the answer runs, and to give back.
 */

import type { Logger } from 'pino'
import { SLOT_RENEW_MS } from '#contract/stream-slot.ts'

export interface StreamSlot {
  /** users.id, decimal. */
  readonly uid: string
  /** Name of the `concurrent` policy. */
  readonly policy: string
  /** The request for which the gate took the slot: its member in Redis. */
  readonly requestId: string
}

export interface StreamSlots {
  /** Renews the slot from now on, until it is released. */
  hold(slot: StreamSlot): void
  /**
   * Gives the slot back, held or not. Resolves when it is free, or soon if Redis is away, where it
   * lapses by itself; never rejects.
   */
  release(slot: StreamSlot): Promise<void>
}

/** Where the slots are kept. */
export interface SlotStore {
  renew(slots: readonly StreamSlot[]): Promise<void>
  release(slot: StreamSlot): Promise<void>
}

/** The end of an answer waits no longer than this for a Redis that does not answer, ms. */
const RELEASE_LIMIT_MS = 150

export function createStreamSlots(store: SlotStore, log: Logger): StreamSlots {
  const held = new Map<string, StreamSlot>()
  /** One for all slots; there is none while nothing runs. */
  let timer: NodeJS.Timeout | undefined

  function renewAll(): void {
    store
      .renew([...held.values()])
      .catch((err: unknown) => log.debug({ err }, 'stream slots not renewed'))
  }

  return {
    hold(slot) {
      held.set(slot.requestId, slot)
      timer ??= setInterval(renewAll, SLOT_RENEW_MS).unref()
    },

    async release(slot) {
      held.delete(slot.requestId)
      if (held.size === 0) {
        clearInterval(timer)
        timer = undefined
      }
      const released = store
        .release(slot)
        .catch((err: unknown) => log.debug({ err }, 'stream slot not released'))
      await atMost(RELEASE_LIMIT_MS, released)
    },
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
