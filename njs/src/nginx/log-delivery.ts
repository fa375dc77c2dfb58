/**
 * How the delivery of log records is going, shared by nginx's processes: whose turn it is, and whether
 * Redis takes them. Each change is one line in the error log.
 */

import { tellState } from './state-line.ts'
import { counters } from './zones.ts'

/** Until when a run has the turn, Unix ms. */
const TURN = 'log_turn'
/** Until when nothing is tried after a failure, Unix ms. */
const PAUSE = 'log_pause'
/** Runs that failed one after the other. */
const FAILED = 'log_failed'

/**
 * One run may fail because its connection was a stale one, or because Redis was restarted just then;
 * that is no news.
 */
const FAILURES_THAT_MATTER = 2

/** nginx logs errors of its own for each try. */
const PAUSE_MS = 1000

/**
 * Takes the turn to deliver, so that after a reload the old process and the new one do not send the
 * same records. Returns false if another run has it, or if it is too early for another try.
 * @param ms how long the run may take; the turn of one that was killed lapses then
 */
export function takeTurn(now: number, ms: number): boolean {
  if (isAhead(PAUSE, now, PAUSE_MS)) return false
  if (counters.add(TURN, now + ms)) return true
  if (isAhead(TURN, now, ms)) return false
  counters.set(TURN, now + ms)
  return true
}

/** What is further ahead than it ever may be was noted before the clock was set back. */
function isAhead(key: string, now: number, most: number): boolean {
  const until = counters.get(key)
  return until !== undefined && until > now && until <= now + most
}

/** Gives the turn back. */
export function endTurn(): void {
  counters.delete(TURN)
}

/** Returns true while Redis does not take records. */
export function isKeeping(): boolean {
  return (counters.get(FAILED) ?? 0) > 0
}

/** Notes a run in which Redis did not take the records. */
export function noteKept(reason: string, now: number): void {
  const failed = counters.incr(FAILED, 1, 0)
  if (failed >= FAILURES_THAT_MATTER) counters.set(PAUSE, now + PAUSE_MS)
  if (failed === FAILURES_THAT_MATTER) {
    tellState(`log records are kept until Redis takes them: ${reason}`)
  }
}

/** Notes a run in which Redis took all records that it was given. */
export function noteTaken(): void {
  const failed = counters.get(FAILED) ?? 0
  if (failed > 0) counters.set(FAILED, 0)
  if (failed >= FAILURES_THAT_MATTER) tellState('Redis takes log records again')
}
