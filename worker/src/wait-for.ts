/** Waiting at start for the services that are being started at the same time. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'

const TRY_EVERY_MS = 200
/** Every five seconds; not the first tries, as a connection takes a moment. */
const LOG_EVERY_TRIES = 25

/**
 * Resolves when `probe` succeeds, and says in the log what it waits for.
 * @throws what `probe` threw last, once `limitMs` have passed
 */
export async function waitFor(
  dependency: string,
  probe: () => Promise<unknown>,
  limitMs: number,
  log: Logger,
): Promise<void> {
  const deadline = Date.now() + limitMs
  for (let tries = 0; ; tries += 1) {
    try {
      await probe()
      return
    } catch (err) {
      if (Date.now() >= deadline) throw err
      if (tries % LOG_EVERY_TRIES === 2) log.warn({ dependency, err }, 'waiting for dependency')
      await sleep(TRY_EVERY_MS)
    }
  }
}
