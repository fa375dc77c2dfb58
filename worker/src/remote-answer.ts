/** Follows an answer that another worker runs, by what that worker tells Redis. */

import type { ChatEvents } from '#contract/chat-events.ts'
import { type Answer, createAnswer } from './domain/answer.ts'
import { createChangeSignal } from './domain/change-signal.ts'
import type { AnswerEnd, LiveAnswer } from './domain/live-answer.ts'
import { Failure } from './failure.ts'
import type { EndedAnswers } from './stores/ended-answers.ts'
import { appendText, type GenerationStream, type ReadEntry } from './stores/generation-stream.ts'

export interface RemoteAnswerDeps {
  readonly stream: Pick<GenerationStream, 'readAfter'>
  readonly ended: EndedAnswers
  /** Resolves at the next news of any worker, after `ms`, or when the signal is aborted. */
  readonly news: (ms: number, signal: AbortSignal) => Promise<void>
  /** Unix milliseconds. */
  readonly now: () => number
}

/** News may be lost on their way, so it is looked without them too, ms. */
const LOOK_EVERY_MS = 500

/** So long nothing new is told, then its row is asked: it may have ended while Redis was away, ms. */
const ASK_ROW_AFTER_MS = 5000

/** When neither Redis nor MySQL has known anything for so long it is given up, ms. */
const GIVE_UP_MS = 180_000

/**
 * Returns an answer that grows as its worker tells, until the signal is aborted.
 * @param first what was told so far
 */
export function followRemote(
  { stream, ended, news, now }: RemoteAnswerDeps,
  uid: string,
  start: ChatEvents['start'],
  first: readonly ReadEntry[],
  signal: AbortSignal,
): LiveAnswer {
  const answer = createAnswer()
  const changes = createChangeSignal()
  let end: AnswerEnd | undefined
  let after: string | undefined
  let seenAt = now()
  let askedAt = now()

  function take(entries: readonly ReadEntry[]): void {
    for (const entry of entries) {
      if (entry.text !== undefined) appendText(answer, entry.text)
      end = entry.end ?? end
      after = entry.at
    }
    if (entries.length > 0) {
      seenAt = now()
      askedAt = seenAt
    }
    changes.notify()
  }

  /** An open row will be ended by its worker or by the sweeper. */
  async function askRow(): Promise<void> {
    askedAt = now()
    const found = await ended.find(uid, start.generation_id)
    seenAt = now()
    if (found === undefined) {
      end = lost('generation_not_found')
    } else if (found.over !== undefined) {
      appendRest(answer, found.over.answer)
      end = found.over.end()
    }
    changes.notify()
  }

  async function look(): Promise<void> {
    const told = await stream.readAfter(uid, start.generation_id, after).catch(away)
    if (told === undefined) {
      // What is told again after a Redis that lost its memory begins anew.
      after = undefined
    } else if (told !== 'away') {
      take(told)
    }
    const isDue = told === undefined || now() - askedAt >= ASK_ROW_AFTER_MS
    if (end === undefined && isDue) await askRow().catch(away)
    if (end === undefined && now() - seenAt > GIVE_UP_MS) {
      end = lost('storage_unavailable')
      changes.notify()
    }
  }

  async function follow(): Promise<void> {
    while (end === undefined && !signal.aborted) {
      await news(LOOK_EVERY_MS, signal)
      if (!signal.aborted) await look()
    }
  }

  take(first)
  follow().catch((cause: unknown) => {
    end = lost('internal', cause)
    changes.notify()
  })
  return { start, answer, end: () => end, changed: () => changes.next() }
}

/** Redis or MySQL is away: the next look may find them back. */
function away(error: unknown): 'away' {
  if (error instanceof Failure) return 'away'
  throw error
}

function lost(code: 'generation_not_found' | 'storage_unavailable' | 'internal', cause?: unknown) {
  const failure = new Failure(code, {}, { cause })
  return { ending: 'interrupted', finishReason: null, usage: undefined, failure } as const
}

/** Adds what the whole answer has more; both begin alike. */
function appendRest(answer: Answer, whole: Answer): void {
  for (const part of ['reasoning', 'content'] as const) {
    const from = answer[part].length
    if (from < whole[part].length) answer[part].append(whole[part].read(from, whole[part].length))
  }
}
