/** One round trip to Redis: what `admit.lua` is asked and what its answer means. */

import type { LimitPolicy } from '../contract/limit-policy.ts'
import { limitKey, sessionKey, userKey } from '../contract/redis-keys.ts'
import type { Role } from '../contract/session.ts'
import type { PolicyState } from './rate-headers.ts'
import type { Reply } from './resp-decode.ts'

/** A limit policy together with the subject it counts. */
export interface BoundPolicy {
  readonly policy: LimitPolicy
  /** `u:<uid>` or `ip:<address>`. */
  readonly subject: string
}

export interface AdmissionQuestion {
  readonly requestId: string
  /** Undefined where nobody needs to be signed in. */
  readonly session: { readonly uid: string; readonly hash: string } | undefined
  readonly idleSeconds: number
  readonly absoluteSeconds: number
  readonly policies: readonly BoundPolicy[]
}

export type Admission =
  | { readonly kind: 'no-session' }
  | {
      readonly kind: 'answered'
      /** Undefined if the question was asked without a session. */
      readonly role: Role | undefined
      readonly epoch: number
      readonly admitted: boolean
      readonly states: readonly PolicyState[]
    }

/** How often a session's `last` is written at most; the idle timeout is that exact. */
const TOUCH_SECONDS = 60

/** Returns KEYS and ARGV of the script. */
export function admissionArguments(question: AdmissionQuestion): {
  readonly keys: readonly string[]
  readonly args: readonly string[]
} {
  const { session, policies } = question
  const keys = session ? [sessionKey(session.uid, session.hash), userKey(session.uid)] : []
  const args = [
    question.requestId,
    session ? '1' : '0',
    String(question.idleSeconds),
    String(question.absoluteSeconds),
    String(TOUCH_SECONDS),
  ]
  for (const { policy, subject } of policies) {
    keys.push(limitKey(subject, policy.name, policy.windowSeconds))
    args.push(String(policy.quota), String(policy.windowSeconds))
  }
  return { keys, args }
}

/**
 * Returns what the script's reply means for the question it answers.
 * @throws {TypeError} if the reply is not one of admit.lua, which must refuse the request
 */
export function readAdmission(question: AdmissionQuestion, reply: Reply): Admission {
  if (!Array.isArray(reply)) throw new TypeError('admit.lua answered no array')
  if (reply[0] === 'none') return { kind: 'no-session' }
  const [status, role, epoch, admitted, ...numbers] = reply
  if (status !== 'ok' || numbers.length !== question.policies.length * 2) {
    throw new TypeError('admit.lua answered something else')
  }
  if (question.session && role !== 'user' && role !== 'admin') throw new TypeError('unknown role')
  return {
    kind: 'answered',
    role: role === 'user' || role === 'admin' ? role : undefined,
    epoch: Number(epoch),
    admitted: admitted === 1,
    states: question.policies.map(({ policy }, index) => ({
      policy,
      remaining: Number(numbers[index * 2]),
      resetMs: Number(numbers[index * 2 + 1]),
    })),
  }
}

/** Returns how long the subject has to wait, in milliseconds: until every exhausted policy has room. */
export function waitMs(states: readonly PolicyState[]): number {
  return Math.max(
    1,
    ...states.filter((state) => state.remaining === 0).map(({ resetMs }) => resetMs),
  )
}
