/** One round trip to Redis: what `admit.lua` is asked and what its answer means. */

import { limitKey, sessionKey, slotKey, tokenKey, userKey } from '../contract/redis-keys.ts'
import type { Role } from '../contract/session.ts'
import type { BoundPolicy } from './bound-policy.ts'
import type { Credential } from './credential.ts'
import type { PolicyState } from './rate-headers.ts'
import type { Reply } from './resp-decode.ts'

export interface AdmissionQuestion {
  readonly requestId: string
  /** Undefined where nobody needs to be signed in. */
  readonly credential: Credential | undefined
  readonly idleSeconds: number
  readonly absoluteSeconds: number
  readonly policies: readonly BoundPolicy[]
}

export type Admission =
  /** The session or token is over, or its user is disabled. */
  | { readonly kind: 'none' }
  /** Redis does not know the token, or its user; the worker may. */
  | { readonly kind: 'miss' }
  | {
      readonly kind: 'answered'
      /** Undefined if the question was asked without a credential. */
      readonly holder: Holder | undefined
      readonly admitted: boolean
      readonly states: readonly PolicyState[]
    }

/** Who holds a good session or token. */
export interface Holder {
  readonly role: Role
  readonly epoch: number
  /** The user's own limits as text (own-limits.ts), or empty. */
  readonly limits: string
  /** access_tokens.id, or empty for a session. */
  readonly tokenId: string
}

/** How often a session's `last` is written at most; the idle timeout is that exact. */
const TOUCH_SECONDS = '60'

const FIXED_WORDS = 6
const WORDS_PER_POLICY = 3

/** Returns number of keys, keys and arguments of the script, as EVALSHA takes them. */
export function admissionArguments(question: AdmissionQuestion): readonly string[] {
  const { credential, policies } = question
  const keys: string[] = []
  if (credential !== undefined) {
    const { kind, uid, hash } = credential
    keys.push(kind === 'session' ? sessionKey(uid, hash) : tokenKey(uid, hash), userKey(uid))
  }
  const args = [
    question.requestId,
    credential === undefined ? '-' : credential.kind === 'session' ? 's' : 't',
    String(question.idleSeconds),
    String(question.absoluteSeconds),
    TOUCH_SECONDS,
  ]
  for (const { policy, subject, byUser } of policies) {
    const { kind, name, quota, windowSeconds } = policy
    keys.push(kind === 'window' ? limitKey(subject, name, windowSeconds) : slotKey(subject, name))
    args.push(kind === 'window' ? 'w' : 'c', String(quota), String(windowSeconds))
    args.push(byUser ? name : '')
  }
  return [String(keys.length), ...keys, ...args]
}

/**
 * Returns what the script's reply means for the question it answers.
 * @throws {TypeError} if the reply is not one of admit.lua, which must refuse the request
 */
export function readAdmission(question: AdmissionQuestion, reply: Reply): Admission {
  if (reply === 'none' || reply === 'miss') return { kind: reply }
  const words = typeof reply === 'string' ? reply.split(' ') : []
  const { credential, policies } = question
  const [status, role, epoch, limits = '', tokenId = '', admitted] = words
  if (status !== 'ok' || words.length !== FIXED_WORDS + policies.length * WORDS_PER_POLICY) {
    throw new TypeError('admit.lua answered something else')
  }
  return {
    kind: 'answered',
    holder:
      credential === undefined
        ? undefined
        : {
            role: readRole(role),
            epoch: Number(epoch),
            limits: optional(limits),
            tokenId: optional(tokenId),
          },
    admitted: admitted === '1',
    states: policies.map(({ policy }, index) => {
      const at = FIXED_WORDS + index * WORDS_PER_POLICY
      return {
        policy,
        quota: Number(words[at]),
        remaining: Number(words[at + 1]),
        resetMs: Number(words[at + 2]),
      }
    }),
  }
}

function readRole(role: string | undefined): Role {
  if (role !== 'user' && role !== 'admin') throw new TypeError('unknown role')
  return role
}

function optional(word: string): string {
  return word === '-' ? '' : word
}
