/** The calls of this worker that are not settled yet, whoever asked: what a stop has to wait for. */

import type { Logger } from 'pino'
import { Failure } from '../failure.ts'
import type { TokenCounts } from './price.ts'
import type { Kept } from './settlement.ts'

export interface RunningCall {
  /** Request id. */
  readonly id: string
  readonly uid: string
  /** Ends the call because the worker goes away; nothing happens if it has ended. */
  interrupt(): void
  /** Returns what is to be charged once the call has ended. */
  charged(): TokenCounts | undefined
  /** Resolves when the result is kept; with undefined when it is given up. */
  readonly settled: Promise<Kept | undefined>
}

export interface RunningCalls {
  add(call: RunningCall): void
  /** @throws {Failure} shutting_down once calls are interrupted by `shutdown` */
  assertOpen(): void
  /**
   * Lets the running ones finish for `graceMs`, interrupts the rest, and returns when all are stored
   * or `flushMs` have passed. Who still gets through in the grace time, over a connection that nginx
   * had open, is served: nginx would not ask another worker instead.
   * @param requestsOver resolves when no request can come any more
   */
  shutdown(graceMs: number, flushMs: number, requestsOver: Promise<void>): Promise<void>
}

export interface RunningCallsPorts {
  readonly sleep: (ms: number) => Promise<void>
  readonly log: Logger
}

export function createRunningCalls({ sleep, log }: RunningCallsPorts): RunningCalls {
  const unsettled = new Set<RunningCall>()
  let isClosed = false

  async function follow(call: RunningCall): Promise<void> {
    await call.settled
    unsettled.delete(call)
  }

  return {
    add(call) {
      unsettled.add(call)
      void follow(call)
      // The grace time may have ended while the call was being stored.
      if (isClosed) call.interrupt()
    },

    assertOpen() {
      if (isClosed) throw new Failure('shutting_down')
    },

    async shutdown(graceMs, flushMs, requestsOver) {
      const all = () => Promise.all([...unsettled].map(({ settled }) => settled))
      await Promise.race([requestsOver.then(all), sleep(graceMs)])
      isClosed = true
      for (const call of unsettled) call.interrupt()
      await Promise.race([all(), sleep(flushMs)])
      for (const { id, uid, charged } of unsettled) {
        const tokens = charged()
        log.error({ requestId: id, uid, tokens }, 'a usage record stays open: not stored in time')
      }
    },
  }
}
