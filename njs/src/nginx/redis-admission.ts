/** Runs admit.lua through the bridge. */

import { type Admission, admissionArguments, readAdmission } from '../domain/admission.ts'
import admitSource from '../domain/admit.lua'
import { bindPolicies } from '../domain/bound-policy.ts'
import { type Reply, ReplyError } from '../domain/resp-decode.ts'
import { encodeCommand } from '../domain/resp-encode.ts'
import type { Candidate } from './candidate.ts'
import { countRedisCall } from './counters.ts'
import { noteRedisForgot } from './local-count.ts'
import { ask, RedisCrowded, RedisUnavailable } from './redis.ts'
import { doubtRedis, noteRedisAnswer } from './redis-state.ts'

type Answer = Reply | RedisUnavailable
type Take = (candidate: Candidate, answer: Answer) => void

/**
 * Asks Redis to admit the request: one round trip, two when Redis does not know the script yet.
 * Repeating it is safe, because the script counts a request id once.
 * @param take called once with the answer, for readAnswer; must not throw
 */
export function askAdmission(candidate: Candidate, take: Take): void {
  const { r, variables, settings } = candidate.request
  const id = variables['request_id'] ?? ''
  ask(r, settings.frames.question(id, candidate.credential, candidate.address), take, candidate)
}

/**
 * Returns what the answer means; undefined if Redis did not know the script and is asked again.
 * @throws {TypeError} if it is no answer of the script
 */
export function readAnswer(
  candidate: Candidate,
  answer: Answer,
  take: Take,
): Admission | RedisUnavailable | undefined {
  if (answer instanceof Error) {
    if (!(answer instanceof ReplyError && answer.kind === 'NOSCRIPT')) {
      return failedCall(candidate, answer)
    }
    askWithScript(candidate, take)
    return undefined
  }
  noteRedisAnswer()
  return readAdmission(answer, candidate.known?.greeting)
}

/** Redis was started anew, or another took its place. */
function askWithScript({ request, ...candidate }: Candidate, take: Take): void {
  noteRedisForgot(Date.now())
  const { idleSeconds, absoluteSeconds, policies } = request.settings
  const { credential, address } = candidate
  const words = admissionArguments({
    requestId: request.variables['request_id'] ?? '',
    credential,
    idleSeconds,
    absoluteSeconds,
    policies: bindPolicies(policies, credential, address),
  })
  const command = encodeCommand(['EVAL', admitSource, ...words])
  ask(request.r, command, take, { request, ...candidate })
}

function failedCall({ request }: Candidate, answer: Error): RedisUnavailable {
  const now = Date.now()
  if (answer instanceof RedisCrowded) {
    countRedisCall('crowded', now - request.now)
    return answer
  }
  const failure = answer instanceof RedisUnavailable ? answer : new RedisUnavailable(answer.message)
  countRedisCall('failed', now - request.now)
  doubtRedis(request.now)
  return failure
}
