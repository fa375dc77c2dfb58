/** One round trip to Redis: what `admit.lua` is asked and what its answer means. */

import type { LimitPolicy } from '../contract/limit-policy.ts'
import { limitKey, sessionKey, slotKey, tokenKey, userKey } from '../contract/redis-keys.ts'
import type { Role } from '../contract/session.ts'
import { type BoundPolicy, countsUser, type SubjectPolicy } from './bound-policy.ts'
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

/**
 * How often a session's `last` is written at most; the idle timeout is that exact. A shorter timeout
 * than two minutes is half of itself exact: whoever goes on using a session must not lose it.
 */
const MAX_TOUCH_SECONDS = 60

const FIXED_WORDS = 6
const WORDS_PER_POLICY = 3

/** Returns number of keys, keys and arguments of the script, as EVALSHA takes them. */
export function admissionArguments(question: AdmissionQuestion): readonly string[] {
  const { credential, policies } = question
  const kind = credential?.kind
  const byUser = policies.map((bound) => bound.byUser)
  return [
    ...admissionFirstWords(question),
    ...lifeWords(kind, question.idleSeconds, question.absoluteSeconds),
    ...policies.flatMap(({ policy }, index) => policyWords(policy, byUser[index] === true)),
  ]
}

/**
 * Returns the first of these words, those that differ from request to request, after the given ones.
 * @param first taken over; spreading it here would cost QuickJS as much as all the rest
 */
export function admissionFirstWords(
  { requestId, credential, policies }: AdmissionQuestion,
  first: string[] = [],
): readonly string[] {
  const words = first
  words.push(String(policies.length + (credential === undefined ? 0 : 2)))
  if (credential !== undefined) {
    const { kind, uid, hash } = credential
    words.push(kind === 'session' ? sessionKey(uid, hash) : tokenKey(uid, hash), userKey(uid))
  }
  for (let index = 0; index < policies.length; index++) {
    const { policy, subject } = policies[index] as BoundPolicy
    const { kind, name, windowSeconds } = policy
    words.push(kind === 'window' ? limitKey(subject, name, windowSeconds) : slotKey(subject, name))
  }
  words.push(requestId)
  return words
}

/**
 * Returns the rest of these words, the same for all requests of a location that come with the same
 * kind of credential.
 */
export function admissionLastWords(
  kind: Credential['kind'] | undefined,
  idleSeconds: number,
  absoluteSeconds: number,
  policies: readonly SubjectPolicy[],
): readonly string[] {
  return [
    ...lifeWords(kind, idleSeconds, absoluteSeconds),
    ...policies.flatMap(({ policy, subject }) => policyWords(policy, countsUser(subject, kind))),
  ]
}

function lifeWords(
  kind: Credential['kind'] | undefined,
  idleSeconds: number,
  absoluteSeconds: number,
): readonly string[] {
  const touchSeconds = Math.min(MAX_TOUCH_SECONDS, Math.floor(idleSeconds / 2))
  const letter = kind === undefined ? '-' : kind === 'session' ? 's' : 't'
  return [letter, String(idleSeconds), String(absoluteSeconds), String(touchSeconds)]
}

function policyWords(policy: LimitPolicy, byUser: boolean): readonly string[] {
  const { kind, name, quota, windowSeconds } = policy
  const letter = kind === 'window' ? 'w' : 'c'
  return [letter, String(quota), String(windowSeconds), byUser ? name : '']
}

/**
 * Returns what the script's reply means for the question it answers.
 * @throws {TypeError} if the reply is not one of admit.lua, which must refuse the request
 */
export function readAdmission(question: AdmissionQuestion, reply: Reply): Admission {
  if (reply === 'none' || reply === 'miss') return { kind: reply }
  const words = typeof reply === 'string' ? reply.split(' ') : []
  const { credential, policies } = question
  if (words[0] !== 'ok' || words.length !== FIXED_WORDS + policies.length * WORDS_PER_POLICY) {
    throw new TypeError('admit.lua answered something else')
  }
  // By index, because QuickJS takes long for callbacks, and this runs for every admission.
  const states: PolicyState[] = []
  for (let index = 0; index < policies.length; index++) {
    const { policy } = policies[index] as BoundPolicy
    const at = FIXED_WORDS + index * WORDS_PER_POLICY
    states.push({
      policy,
      quota: Number(words[at]),
      remaining: Number(words[at + 1]),
      resetMs: Number(words[at + 2]),
    })
  }
  const holder =
    credential === undefined
      ? undefined
      : {
          role: readRole(words[1]),
          epoch: Number(words[2]),
          limits: optional(words[3]),
          tokenId: optional(words[4]),
        }
  return { kind: 'answered', holder, admitted: words[5] === '1', states }
}

function readRole(role: string | undefined): Role {
  if (role !== 'user' && role !== 'admin') throw new TypeError('unknown role')
  return role
}

function optional(word: string | undefined): string {
  return word === undefined || word === '-' ? '' : word
}
