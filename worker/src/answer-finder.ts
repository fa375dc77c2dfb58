/** Finds and stops a person's answers, whichever worker runs them. */

import type { Redis } from 'ioredis'
import { GENERATION_STOPS } from '#contract/redis-keys.ts'
import type { Generations } from './domain/generations.ts'
import type { LiveAnswer } from './domain/live-answer.ts'
import { Failure } from './failure.ts'
import { followRemote, type RemoteAnswerDeps } from './remote-answer.ts'
import type { GenerationStream } from './stores/generation-stream.ts'
import { viaRedis } from './stores/redis.ts'

export interface FoundAnswer {
  readonly live: LiveAnswer
  /** True if a reader may have more of it than we do: another worker runs it, or did. */
  readonly mayBeAhead: boolean
}

export interface AnswerFinder {
  /**
   * Returns an answer, running or ended.
   * @param signal ends the following of an answer in another worker
   * @throws {Failure} generation_not_found, also if it is somebody else's; storage_unavailable
   */
  find(uid: string, id: string, signal: AbortSignal): Promise<FoundAnswer>
  /**
   * Stops an answer; nothing happens to one that has ended.
   * @throws {Failure} generation_not_found, storage_unavailable, session_store_unavailable
   */
  stop(uid: string, id: string): Promise<void>
}

export interface AnswerFinderDeps extends RemoteAnswerDeps {
  readonly generations: Pick<Generations, 'get'>
  readonly stream: Pick<GenerationStream, 'has' | 'readAfter'>
  readonly redis: Redis
}

/** How long a stop waits for its effect, and after how long it is said again, ms. */
const STOP_LIMIT_MS = 2000
const STOP_AGAIN_MS = 300

export function createAnswerFinder(deps: AnswerFinderDeps): AnswerFinder {
  const { generations, stream, ended, redis, news, now } = deps

  return {
    async find(uid, id, signal) {
      const own = generations.get(uid, id)
      if (own !== undefined) return { live: own, mayBeAhead: false }
      const told = await stream.readAfter(uid, id, undefined).catch(away)
      const begun = told?.find((entry) => entry.begun !== undefined)?.begun
      if (told !== undefined && begun !== undefined) {
        return { live: followRemote(deps, uid, begun.start, told, signal), mayBeAhead: true }
      }
      const stored = await ended.find(uid, id)
      if (stored === undefined) throw new Failure('generation_not_found')
      const live = stored.over ?? followRemote(deps, uid, stored.start, [], signal)
      return { live, mayBeAhead: stored.over?.end()?.ending !== 'done' }
    },

    async stop(uid, id) {
      const own = generations.get(uid, id)
      if (own !== undefined) {
        own.stop()
        return
      }
      if (!(await stream.has(uid, id).catch(away))) {
        const stored = await ended.find(uid, id)
        if (stored === undefined) throw new Failure('generation_not_found')
        if (stored.over !== undefined) return
      }
      // A message may find its worker just connecting anew, so the end is waited for.
      const lastTry = now() + STOP_LIMIT_MS
      do {
        await viaRedis(redis.publish(GENERATION_STOPS, `${uid}:${id}`))
        await news(STOP_AGAIN_MS, AbortSignal.timeout(STOP_AGAIN_MS))
        if (await isOver(uid, id)) return
      } while (now() < lastTry)
      throw new Failure('session_store_unavailable')
    },
  }

  /** The end is told in Redis, or the row is settled. */
  async function isOver(uid: string, id: string): Promise<boolean> {
    const told = await stream.readAfter(uid, id, undefined).catch(away)
    if (told?.some(({ end }) => end !== undefined)) return true
    const stored = await ended.find(uid, id).catch(away)
    return stored?.over !== undefined
  }
}

/** Redis away: MySQL may still know the answer. */
function away(error: unknown): undefined {
  if (!(error instanceof Failure)) throw error
}
