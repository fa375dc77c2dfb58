/** Waiting times between tries at something that is away. */

const FIRST_MS = 250
const MAX_MS = 10_000

/** Returns the pause in ms before try `attempt` (from 1): doubling from a quarter second to ten. */
export function backoffMs(attempt: number): number {
  return Math.min(FIRST_MS * 2 ** Math.min(attempt - 1, 16), MAX_MS)
}
