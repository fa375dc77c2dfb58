/** Runs admit.lua through the bridge. */

import {
  type Admission,
  type AdmissionQuestion,
  admissionArguments,
  readAdmission,
} from '../domain/admission.ts'
import admitSource from '../domain/admit.lua'
import { type Reply, ReplyError } from '../domain/resp-decode.ts'
import { countRedisCall } from './counters.ts'
import { sha1 } from './credential-mac.ts'
import { noteRedisForgot } from './local-count.ts'
import { call, RedisUnavailable } from './redis.ts'
import { noteRedisAnswer, noteRedisFailure } from './redis-state.ts'

const ADMIT_SHA = sha1(admitSource)

/**
 * Asks Redis to admit the request: one round trip, two when Redis does not know the script yet.
 * Repeating it is safe, because the script counts a request id once.
 * @throws {RedisUnavailable} if Redis cannot be asked or refuses the script
 */
export async function askAdmission(
  r: NginxHTTPRequest,
  question: AdmissionQuestion,
): Promise<Admission> {
  const began = Date.now()
  try {
    const admission = readAdmission(question, await runScript(r, admissionArguments(question)))
    countRedisCall('answered', Date.now() - began)
    noteRedisAnswer()
    return admission
  } catch (error) {
    if (error instanceof RedisUnavailable) {
      const now = Date.now()
      countRedisCall('failed', now - began)
      noteRedisFailure(error.message, now)
    }
    throw error
  }
}

async function runScript(r: NginxHTTPRequest, args: readonly string[]): Promise<Reply> {
  let reply = await call(r, ['EVALSHA', ADMIT_SHA, ...args])
  if (reply instanceof ReplyError && reply.kind === 'NOSCRIPT') {
    // It was started anew, or another took its place.
    noteRedisForgot(Date.now())
    reply = await call(r, ['EVAL', admitSource, ...args])
  }
  if (reply instanceof ReplyError) throw new RedisUnavailable(reply.message)
  return reply
}
