/** Runs admit.lua through the bridge. */

import {
  type Admission,
  type AdmissionQuestion,
  admissionFirstWords,
  readAdmission,
} from '../domain/admission.ts'
import admitSource from '../domain/admit.lua'
import { type Reply, ReplyError } from '../domain/resp-decode.ts'
import type { LastWords } from '../domain/resp-encode.ts'
import { countRedisCall } from './counters.ts'
import { sha1 } from './credential-mac.ts'
import { noteRedisForgot } from './local-count.ts'
import { ask, RedisUnavailable } from './redis.ts'
import { noteRedisAnswer, noteRedisFailure } from './redis-state.ts'

const ADMIT_SHA = sha1(admitSource)

/**
 * Asks Redis to admit the request: one round trip, two when Redis does not know the script yet.
 * Repeating it is safe, because the script counts a request id once. One promise and no more, because
 * each costs QuickJS several times what the question costs.
 * @param last the end of the question, encoded once for all requests of a location
 * @returns rejects with RedisUnavailable if Redis cannot be asked or refuses the script, with TypeError
 *   if what it answers is no answer of the script
 */
export function askAdmission(
  r: NginxHTTPRequest,
  question: AdmissionQuestion,
  last: LastWords,
): Promise<Admission> {
  return new Promise((resolve, reject) => {
    const began = Date.now()
    const settle = (answer: Reply | RedisUnavailable) => {
      try {
        resolve(read(question, answer, began))
      } catch (error) {
        reject(error)
      }
    }
    ask(
      r,
      admissionFirstWords(question, ['EVALSHA', ADMIT_SHA]),
      (answer) => {
        if (!isForgotten(answer)) return settle(answer)
        // It was started anew, or another took its place.
        noteRedisForgot(Date.now())
        ask(r, admissionFirstWords(question, ['EVAL', admitSource]), settle, last)
      },
      last,
    )
  })
}

function isForgotten(answer: Reply | RedisUnavailable): boolean {
  return answer instanceof ReplyError && answer.kind === 'NOSCRIPT'
}

function read(
  question: AdmissionQuestion,
  answer: Reply | RedisUnavailable,
  began: number,
): Admission {
  const now = Date.now()
  const failure = answer instanceof ReplyError ? new RedisUnavailable(answer.message) : answer
  if (failure instanceof RedisUnavailable) {
    countRedisCall('failed', now - began)
    noteRedisFailure(failure.message, began, now)
    throw failure
  }
  countRedisCall('answered', now - began)
  noteRedisAnswer()
  return readAdmission(question, failure)
}
