/** The generations of this worker, running and just ended, by id and owner. */

import { Failure } from '../failure.ts'
import { type Generation, type GenerationPorts, startGeneration } from './generation.ts'
import type { StreamSlot, StreamSlots } from './stream-slots.ts'
import type { Turn } from './turn.ts'
import type { UpstreamKey } from './upstream-key.ts'

export interface Generations {
  /**
   * Starts to answer a stored turn with this key.
   * @param slot what the gate took for it, if anything: kept while the answer runs, then given back
   */
  start(
    turn: Turn,
    key: UpstreamKey,
    price: GenerationPorts['price'],
    slot?: StreamSlot,
  ): Generation
  /**
   * Returns a generation that runs or ended less than a minute ago.
   * @throws {Failure} generation_not_found, also if it is somebody else's
   */
  find(uid: string, id: string): Generation
  /** @throws {Failure} shutting_down once `shutdown` was called */
  assertOpen(): void
  /**
   * Lets the running ones finish for `graceMs`, interrupts the rest, and returns when all are stored
   * or `flushMs` have passed.
   */
  shutdown(graceMs: number, flushMs: number): Promise<void>
}

export interface GenerationsDeps extends Omit<GenerationPorts, 'call' | 'price' | 'release'> {
  readonly slots: StreamSlots
  readonly call: (
    key: UpstreamKey,
    turn: Turn,
    signal: AbortSignal,
  ) => ReturnType<GenerationPorts['call']>
}

/** How long an ended generation can still be read, ms: a page that reloads at its end finds it. */
const KEPT_MS = 60_000

export function createGenerations(deps: GenerationsDeps): Generations {
  const { slots, store, now, sleep, log } = deps
  const known = new Map<string, Generation>()
  const unsettled = new Set<Generation>()
  let isClosed = false

  async function follow(generation: Generation): Promise<void> {
    await generation.settled
    unsettled.delete(generation)
  }

  async function forget(generation: Generation): Promise<void> {
    await generation.ended
    await sleep(KEPT_MS)
    known.delete(generation.turn.id)
  }

  return {
    start(turn, key, price, slot) {
      const call = (signal: AbortSignal) => deps.call(key, turn, signal)
      if (slot !== undefined) slots.hold(slot)
      const release = async () => {
        if (slot !== undefined) await slots.release(slot)
      }
      const generation = startGeneration(turn, { call, store, price, release, now, sleep, log })
      known.set(turn.id, generation)
      unsettled.add(generation)
      void follow(generation)
      void forget(generation)
      // The shutdown may have begun while the turn was being stored.
      if (isClosed) generation.interrupt()
      return generation
    },

    find(uid, id) {
      const generation = known.get(id)
      if (generation?.turn.uid !== uid) throw new Failure('generation_not_found')
      return generation
    },

    assertOpen() {
      if (isClosed) throw new Failure('shutting_down')
    },

    async shutdown(graceMs, flushMs) {
      isClosed = true
      const all = () => Promise.all([...unsettled].map((generation) => generation.settled))
      await Promise.race([all(), sleep(graceMs)])
      for (const generation of unsettled) generation.interrupt()
      await Promise.race([all(), sleep(flushMs)])
      for (const generation of unsettled) {
        const { id, uid } = generation.turn
        const tokens = generation.end()?.result.tokens
        log.error({ requestId: id, uid, tokens }, 'a usage record stays open: not stored in time')
      }
    },
  }
}
