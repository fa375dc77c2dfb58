/** Says every few seconds that this worker is there; who falls silent is settled for by the others. */

import type { Logger } from 'pino'
import { createStateLog } from './state-log.ts'
import type { Workers } from './stores/workers.ts'

export interface Heartbeat {
  /** Resolves when the worker has said goodbye, or could not. */
  stop(): Promise<void>
}

const BEAT_MS = 5000

/** Starts to beat; the first beat is the caller's, before anything is done under this worker's name. */
export function startHeartbeat(workers: Workers, log: Logger): Heartbeat {
  const state = createStateLog(log, 'heartbeat')
  let last = Promise.resolve()
  const timer = setInterval(() => {
    last = workers.beat().then(state.up, state.down)
  }, BEAT_MS)
  return {
    async stop() {
      clearInterval(timer)
      await last
      await workers.leave().catch((err: unknown) => log.warn({ err }, 'no goodbye'))
    },
  }
}
