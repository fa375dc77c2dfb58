/** Storing what must not be lost: tried again until it is done. */

import type { Logger } from 'pino'
import { Failure } from '../failure.ts'

export interface Storing {
  /** Resolves after the first attempt, whether it succeeded or not. */
  readonly firstAttempt: Promise<void>
  /** Resolves when stored, or when given up. */
  readonly done: Promise<void>
}

export interface SettlementPorts {
  readonly sleep: (ms: number) => Promise<void>
  readonly log: Logger
}

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000

/** Attempts at something that MySQL answers with an error of its own: more will not help. */
const MAX_REFUSED = 3

/**
 * Starts to store. While MySQL is away the attempts go on for ever; what it refuses is given up after
 * a few, with a line in the log.
 * @param attempt idempotent: its outcome may be unknown when it fails
 */
export function storeUntilDone(
  attempt: () => Promise<void>,
  requestId: string,
  { sleep, log }: SettlementPorts,
): Storing {
  let refused = 0

  /** Returns true if there is nothing more to do. */
  async function isSettled(): Promise<boolean> {
    try {
      await attempt()
      return true
    } catch (err) {
      const isAway = err instanceof Failure && err.code === 'storage_unavailable'
      if (!isAway) refused += 1
      const given = refused >= MAX_REFUSED
      if (given) log.error({ requestId, err }, 'a usage record is lost: MySQL refuses it')
      else log.warn({ requestId, err }, 'a usage record could not be stored yet')
      return given
    }
  }

  async function again(): Promise<void> {
    let pause = FIRST_PAUSE_MS
    do {
      await sleep(pause)
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
    } while (!(await isSettled()))
  }

  const first = isSettled()
  return {
    firstAttempt: first.then(() => {}),
    done: first.then((settled) => (settled ? undefined : again())),
  }
}
