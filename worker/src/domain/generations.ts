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
   * Returns a generation that runs here or ended here less than a minute ago; undefined also if it is
   * somebody else's.
   */
  get(uid: string, id: string): Generation | undefined
  /** @throws {Failure} shutting_down once answers are interrupted by `shutdown` */
  assertOpen(): void
  /**
   * Lets the running ones finish for `graceMs`, interrupts the rest, and returns when all are stored
   * or `flushMs` have passed. Who still gets through in the grace time, over a connection that nginx
   * had open, is served: nginx would not ask another worker instead.
   * @param requestsOver resolves when no request can come any more
   */
  shutdown(graceMs: number, flushMs: number, requestsOver: Promise<void>): Promise<void>
}

export interface GenerationsDeps extends Omit<GenerationPorts, 'call' | 'price' | 'release'> {
  readonly slots: StreamSlots
  /** Told of each generation when it starts. */
  readonly onStart: (generation: Generation) => void
  readonly call: (
    key: UpstreamKey,
    turn: Turn,
    signal: AbortSignal,
  ) => ReturnType<GenerationPorts['call']>
}

/** How long an ended generation can still be read, ms: a page that reloads at its end finds it. */
const KEPT_MS = 60_000

export function createGenerations(deps: GenerationsDeps): Generations {
  const { slots, store, maxAnswerBytes, now, sleep, log } = deps
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
      const generation = startGeneration(turn, {
        ...{ call, store, price, release, maxAnswerBytes },
        ...{ now, sleep, log },
      })
      known.set(turn.id, generation)
      unsettled.add(generation)
      deps.onStart(generation)
      void follow(generation)
      void forget(generation)
      // The grace time may have ended while the turn was being stored.
      if (isClosed) generation.interrupt()
      return generation
    },

    get(uid, id) {
      const generation = known.get(id)
      return generation?.turn.uid === uid ? generation : undefined
    },

    assertOpen() {
      if (isClosed) throw new Failure('shutting_down')
    },

    async shutdown(graceMs, flushMs, requestsOver) {
      const all = () => Promise.all([...unsettled].map((generation) => generation.settled))
      await Promise.race([requestsOver.then(all), sleep(graceMs)])
      isClosed = true
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
