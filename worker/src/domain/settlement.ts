/**
 * Storing what must not be lost: tried again until it is done. One attempt already tries MySQL, Redis and
 * the disk (settler.ts), so a second one is for the moment in which all three fail.
 */

import type { Logger } from 'pino'
import { Failure } from '../failure.ts'

/**
 * Where the end of a call has come to: MySQL, a spool from which somebody will bring it there, or aside,
 * for a person to look at.
 */
export type Kept = 'stored' | 'spooled' | 'aside'

export interface Storing {
  /** Resolves after the first attempt, whether it succeeded or not. */
  readonly firstAttempt: Promise<void>
  /** Resolves when it is kept; with undefined when given up. */
  readonly done: Promise<Kept | undefined>
}

export interface SettlementPorts {
  readonly sleep: (ms: number) => Promise<void>
  readonly log: Logger
}

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000

/** Attempts that end with an error which is not about something being away: more will not help. */
const MAX_REFUSED = 3

/**
 * Starts to store. While everything is away the attempts go on for ever; another error is given up
 * after a few, with a line in the log: then the row stays open until its worker ends.
 * @param attempt idempotent: its outcome may be unknown when it fails
 */
export function storeUntilDone(
  attempt: () => Promise<Kept>,
  requestId: string,
  { sleep, log }: SettlementPorts,
): Storing {
  let refused = 0

  /** Returns what became of it, or 'again' if it has to be tried once more. */
  async function outcome(): Promise<Kept | undefined | 'again'> {
    try {
      return await attempt()
    } catch (err) {
      const isAway = err instanceof Failure && err.code === 'storage_unavailable'
      if (!isAway) refused += 1
      const given = refused >= MAX_REFUSED
      if (given)
        log.error({ requestId, err }, 'a usage record is not stored: an error that nobody expected')
      else log.warn({ requestId, err }, 'a usage record could not be stored yet')
      return given ? undefined : 'again'
    }
  }

  async function lastOutcome(first: Promise<Kept | undefined | 'again'>) {
    let last = await first
    for (let pause = FIRST_PAUSE_MS; last === 'again'; last = await outcome()) {
      await sleep(pause)
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
    }
    return last
  }

  const first = outcome()
  return { firstAttempt: first.then(() => {}), done: lastOutcome(first) }
}
