/** What a failed call tells about its key, and whether another call may make it good. */

import type { KeySign } from '../domain/key-health.ts'
import { Failure } from '../failure.ts'
import { NotSent } from './http-client.ts'
import { BrokenLimit } from './stream-watch.ts'
import { UpstreamReport } from './upstream-error.ts'

export const NOTHING: KeySign = { kind: 'nothing' }

/** How long an account is left alone after a 429 (ms), without and with a Retry-After. */
const COOL_MS = 30_000
const MAX_COOL_MS = 300_000

/** @param hadPayload whether a part of the answer had come before the failure */
export function signOf(error: unknown, hadPayload: boolean): KeySign {
  if (!(error instanceof Failure)) return NOTHING
  const report = reportOf(error)
  if (error.code === 'upstream_key_rejected') return { kind: 'fault', fault: 'rejected' }
  if (error.code === 'upstream_balance') return { kind: 'fault', fault: 'no_balance' }
  if (report?.status === 429) return { kind: 'busy', waitMs: coolMs(report.retryAfterS) }
  // It was at work all the time, as slowly as somebody reads.
  if (error.cause instanceof BrokenLimit && error.cause.limit === 'answerMs') return NOTHING
  // The server was at work; a stream that stops in the middle without a word is another matter.
  if (hadPayload && error.code !== 'upstream_timeout') return NOTHING
  switch (error.code) {
    case 'upstream_unavailable':
    case 'upstream_busy':
    case 'upstream_timeout':
    case 'upstream_interrupted':
      return { kind: 'failing' }
    default:
      return NOTHING
  }
}

/**
 * Returns with which key the call may be made again. Only what the provider has not begun to answer
 * is, because anything else may be billed; never without balance or for what the call itself says.
 */
export function retryOf(error: unknown): 'never' | 'other key' | 'any key' {
  if (!(error instanceof Failure)) return 'never'
  if (error instanceof NotSent) return 'any key'
  const report = reportOf(error)
  if (report === undefined || report.status === 200) return 'never'
  switch (signOf(error, false).kind) {
    case 'failing': {
      const isFault = report.status >= 500 && error.details.retryAfter === undefined
      return isFault ? 'any key' : 'other key'
    }
    case 'busy':
      return 'other key'
    case 'fault':
      return error.code === 'upstream_balance' ? 'never' : 'other key'
    default:
      return 'never'
  }
}

function reportOf({ cause }: Failure): UpstreamReport | undefined {
  return cause instanceof UpstreamReport ? cause : undefined
}

function coolMs(retryAfterS: number | undefined): number {
  return retryAfterS === undefined ? COOL_MS : Math.min(retryAfterS * 1000, MAX_COOL_MS)
}
