/**
 * The calls of this process that have an open row for a reason. The settlement keeper leaves them alone
 * and settles any other open row of this worker: one that was written though its begin failed, or whose
 * end was lost.
 */

import { isAway } from './failure.ts'
import { SWEEP_LIMITS } from './settlement-keeper.ts'
import type { Settler } from './settler.ts'

export interface OpenCalls {
  ids(): readonly string[]
  /** Returns true for a call whose begin failed lately, so that it can only have a row, and no end. */
  wasNeverSent(id: string): boolean
  /** Returns what begins calls so that each is known from before its row is written. */
  watchBegin<C extends { readonly requestId: string }, R>(
    begin: (call: C) => Promise<R>,
  ): (call: C) => Promise<R>
  /** Returns a store that lets go of what it has stored. */
  watchStore(store: Settler['store']): Settler['store']
}

/**
 * A spooled settlement is on its way for a moment; the keeper works off the spools before it looks. The
 * Redis that holds it may go away just then, and is waited for (settlement-keeper.ts).
 */
const SPOOLED_FOR_MS = SWEEP_LIMITS.patienceMs + 60_000
/** Longer than most outages: afterwards the prompt of such a call is charged. */
const UNSENT_FOR_MS = 3_600_000

/** @param sleep resolves after so many ms and does not keep the process alive */
export function createOpenCalls(sleep: (ms: number) => Promise<void>): OpenCalls {
  const open = new Set<string>()
  const unsent = new Set<string>()

  async function deleteLater(ids: Set<string>, id: string, ms: number): Promise<void> {
    await sleep(ms)
    ids.delete(id)
  }

  return {
    ids: () => [...open],
    wasNeverSent: (id) => unsent.has(id),
    watchBegin: (begin) => async (call) => {
      const { requestId } = call
      open.add(requestId)
      try {
        return await begin(call)
      } catch (error) {
        open.delete(requestId)
        // Nobody knows whether the commit went through.
        if (isAway(error)) {
          unsent.add(requestId)
          void deleteLater(unsent, requestId, UNSENT_FOR_MS)
        }
        throw error
      }
    },
    watchStore: (store) => async (call, result) => {
      const kept = await store(call, result)
      // What was put aside stays open until a person has looked at it, or this worker ends.
      if (kept !== 'aside') void deleteLater(open, call.id, SPOOLED_FOR_MS)
      return kept
    },
  }
}
