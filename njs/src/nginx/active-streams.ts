/** Answers that run through this nginx, for the metrics. */

import { streams } from './zones.ts'

/** Longer than any answer: an entry that a killed process left behind goes by itself. */
const MAX_ANSWER_MS = 20 * 60_000

/** Notes that an answer was let through; when the zone is full it forgets the oldest one. */
export function beginStream(requestId: string): void {
  streams.set(requestId, '1', MAX_ANSWER_MS)
}

/** Notes that the request is over. */
export function endStream(requestId: string): void {
  streams.delete(requestId)
}

/** Returns how many answers run through this nginx. */
export function activeStreams(): number {
  return streams.size()
}
