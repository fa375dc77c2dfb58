/**
 * The time limits of a streamed answer. Under load DeepSeek queues a call with `: keep-alive`
 * comments for up to ten minutes, and a naive idle timer would let a hung answer live on such
 * comments for ever: they count while the call waits, never after the first payload.
 */

import { Failure } from '../failure.ts'

export interface StreamLimits {
  /** Longest wait for the first payload while keep-alives arrive. Milliseconds, like all here. */
  readonly firstPayloadMs: number
  /** Longest silence: of any bytes before the first payload, of payload after it. */
  readonly idleMs: number
  /** Longest wait for usage and the end mark after the finish reason. */
  readonly finishMs: number
  /** Longest answer, from its first payload: a call that had to queue loses nothing of it. */
  readonly answerMs: number
}

const FINISH_MS = 5000

/** Returns the limits that the settings ask for. */
export function streamLimits(limits: {
  readonly firstPayloadMs: number
  readonly payloadIdleMs: number
  readonly answerMs: number
}): StreamLimits {
  const { firstPayloadMs, payloadIdleMs, answerMs } = limits
  return { firstPayloadMs, idleMs: payloadIdleMs, finishMs: FINISH_MS, answerMs }
}

/** A limit that an answer has broken. */
export class BrokenLimit extends Error {
  readonly limit: keyof StreamLimits

  constructor(limit: keyof StreamLimits) {
    super(limit)
    this.name = 'BrokenLimit'
    this.limit = limit
  }
}

/** Returns the failure of an answer that has broken a limit. */
export function timedOut(limit: keyof StreamLimits): Failure {
  return new Failure('upstream_timeout', {}, { cause: new BrokenLimit(limit) })
}

export interface StreamWatch {
  /** Bytes of any kind came. */
  onBytes(): void
  /** An event with data came. */
  onPayload(): void
  /** The finish reason came. */
  onFinish(): void
  /** Silence does not count until `resume`: it is not the provider that is waited for. */
  pause(): void
  resume(): void
  stop(): void
}

/** Starts the clocks; `expire` is called at most once, with the limit that was broken. */
export function watchStream(
  limits: StreamLimits,
  expire: (limit: keyof StreamLimits) => void,
): StreamWatch {
  let waiting = true
  let answering: NodeJS.Timeout | undefined
  const first = setTimeout(() => end('firstPayloadMs'), limits.firstPayloadMs)
  let silence: NodeJS.Timeout | undefined
  let awaited: 'idleMs' | 'finishMs' = 'idleMs'
  listen('idleMs')

  /** Starts the wait for the next sign of life anew. */
  function listen(limit: 'idleMs' | 'finishMs'): void {
    clearTimeout(silence)
    awaited = limit
    silence = setTimeout(() => end(limit), limits[limit])
  }

  function stop(): void {
    for (const timer of [answering, first, silence]) clearTimeout(timer)
  }

  function end(limit: keyof StreamLimits): void {
    stop()
    expire(limit)
  }

  return {
    onBytes() {
      if (waiting) listen('idleMs')
    },
    onPayload() {
      if (waiting) {
        waiting = false
        clearTimeout(first)
        answering = setTimeout(() => end('answerMs'), limits.answerMs)
      }
      listen('idleMs')
    },
    onFinish: () => listen('finishMs'),
    pause: () => clearTimeout(silence),
    resume: () => listen(awaited),
    stop,
  }
}
