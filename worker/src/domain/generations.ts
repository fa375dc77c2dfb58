/** The generations of this worker, running and just ended, by id and owner. */

import { type Generation, type GenerationPorts, startGeneration } from './generation.ts'
import type { RunningCalls } from './running-calls.ts'
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
}

export interface GenerationsDeps extends Omit<GenerationPorts, 'call' | 'price' | 'release'> {
  readonly slots: StreamSlots
  readonly running: RunningCalls
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
  const { slots, running, store, maxAnswerBytes, now, sleep, log } = deps
  const known = new Map<string, Generation>()

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
      deps.onStart(generation)
      void forget(generation)
      const { settled, interrupt } = generation
      const charged = () => generation.end()?.result.tokens
      running.add({ id: turn.id, uid: turn.uid, settled, interrupt, charged })
      return generation
    },

    get(uid, id) {
      const generation = known.get(id)
      return generation?.turn.uid === uid ? generation : undefined
    },
  }
}
