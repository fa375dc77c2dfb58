/** Lets the settlement keeper work every few seconds. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { isAway } from './failure.ts'
import type { SettlementKeeper } from './settlement-keeper.ts'
import { createStateLog } from './state-log.ts'

export interface SettlementLoop {
  /** Resolves when nothing is done any more; the one settlement that is under way is finished. */
  stop(): Promise<void>
}

const PAUSE_MS = 3000

export function startSettlementLoop(keeper: SettlementKeeper, log: Logger): SettlementLoop {
  const stopping = new AbortController()
  const { signal } = stopping
  const state = createStateLog(log, 'settlement of what is left over')

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        await keeper.work(signal)
        state.up()
      } catch (err) {
        if (isAway(err)) state.down(err)
        else log.error({ err }, 'left over settlements: an error that nobody expected')
      }
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => {})
    }
  }

  const running = run()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}
