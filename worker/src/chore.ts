/**
 * Work that nobody waits for, done step by step until there is nothing left: at once when somebody knows
 * of some, and now and then for what another worker left behind. Several workers may be about the same.
 */

import type { Logger } from 'pino'
import { createStateLog } from './state-log.ts'

export interface Chore {
  /** Looks for work, if it is not at it already; never rejects. */
  wake(): void
  /** Resolves when nothing is done any more. */
  stop(): Promise<void>
}

/**
 * @param name for the log
 * @param step does some of the work; returns false if there was none
 */
export function createChore(name: string, step: () => Promise<boolean>, log: Logger): Chore {
  const state = createStateLog(log, name)
  let running: Promise<void> | undefined
  let isWoken = false
  let isStopped = false

  async function run(): Promise<void> {
    try {
      let isMore = true
      while (!isStopped && isMore) {
        isWoken = false
        // Work may have come up while we looked.
        isMore = (await step()) || isWoken
      }
      state.up()
    } catch (error) {
      // What is left is found again at the next look.
      state.down(error)
    }
    running = undefined
  }

  return {
    wake() {
      isWoken = true
      if (!isStopped) running ??= run()
    },
    async stop() {
      isStopped = true
      await running
    },
  }
}
