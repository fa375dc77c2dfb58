/**
 * What the running calls of programs have come to, in Redis, so that another worker can settle one whose own
 * is gone: numbers only, never text.
 */

import type { Redis } from 'ioredis'
import { callKey } from '#contract/redis-keys.ts'
import type { PartialAnswers } from '../domain/partial-answer.ts'
import type { ProgramProgress } from '../domain/program-call.ts'
import { tokensOf } from '../domain/token-estimate.ts'
import { viaRedis } from './redis.ts'

export interface CallProgressStore extends PartialAnswers {
  /** Writes down several calls at once; returns for each whether it is written. */
  tell(news: readonly CallNews[]): Promise<readonly boolean[]>
}

export interface CallNews {
  readonly uid: string
  /** Request id. */
  readonly id: string
  /** A ProgramProgress as JSON. */
  readonly progress: string
}

/** What a sweeper may need beyond the end of an answer, ms. */
const SWEEP_MS = 3_600_000

/** @param answerMs the longest time that an answer may take, waiting included */
export function createCallProgressStore(redis: Redis, answerMs: number): CallProgressStore {
  return {
    async tell(news) {
      const pipeline = redis.pipeline()
      for (const { uid, id, progress } of news) {
        pipeline.set(callKey(uid, id), progress, 'PX', answerMs + SWEEP_MS)
      }
      const replies = await pipeline.exec().catch(() => null)
      return news.map((_, n) => replies?.[n]?.[0] === null)
    },

    async read(uid, id) {
      const text = await viaRedis(redis.get(callKey(uid, id)))
      if (text === null) return undefined
      // Our own entries only: whoever can write to Redis can do worse.
      const { weight, ...progress }: ProgramProgress = JSON.parse(text)
      const received = { reasoning: tokensOf(weight.reasoning), rest: tokensOf(weight.rest) }
      return { ...progress, reasoning: '', content: '', received }
    },

    async drop(uid, id) {
      await redis.del(callKey(uid, id)).catch(() => undefined)
    },
  }
}

/** Returns what is kept of a call, whoever asked for it. */
export function eitherPartial(people: PartialAnswers, programs: PartialAnswers): PartialAnswers {
  return {
    read: async (uid, id) => (await people.read(uid, id)) ?? (await programs.read(uid, id)),
    async drop(uid, id) {
      await Promise.all([people.drop(uid, id), programs.drop(uid, id)])
    },
  }
}
