/** Waiting for a program that has no way to call us: ask again until it answers. */

import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 50

/**
 * Resolves with the first answer of `ask` that does not throw.
 * @throws the last error once `timeoutMs` have passed, or the signal's reason
 */
export async function waitFor<T>(
  ask: () => Promise<T>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  while (true) {
    try {
      return await ask()
    } catch (error) {
      if (Date.now() >= deadline) throw error
      signal?.throwIfAborted()
      await delay(POLL_MS)
    }
  }
}
