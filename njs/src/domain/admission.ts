/** One round trip to Redis: what `admit.lua` is asked and what its answer means. */

import { formatPolicy, type LimitPolicy } from '../contract/limit-policy.ts'
import { limitKey, sessionKey, slotKey, tokenKey, userKey } from '../contract/redis-keys.ts'
import type { Role } from '../contract/session.ts'
import type { BoundPolicy, SubjectPolicy } from './bound-policy.ts'
import type { Credential } from './credential.ts'
import { NO_RATE, type RateHeaders } from './decision.ts'
import { type PolicyState, seconds } from './rate-headers.ts'
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
      /** Who holds the credential, as the script says it (readHolder). */
      readonly holder: string
      readonly admitted: boolean
      /** Where the request stands with each policy, as the script says it (readStates). */
      readonly standing: string
    }

/** Who holds a good session or token. */
export interface Holder {
  readonly role: Role
  readonly epoch: number
  /** The user's and the token's own limits as text (own-limits.ts), or empty. */
  readonly limits: string
  /** access_tokens.id, or empty for a session. */
  readonly tokenId: string
}

/**
 * How often a session's `last` is written at most; the idle timeout is that exact. A shorter timeout
 * than two minutes is half of itself exact: whoever goes on using a session must not lose it.
 */
const MAX_TOUCH_SECONDS = 60

const WORDS_PER_POLICY = 3

const NONE: Admission = { kind: 'none' }
const MISS: Admission = { kind: 'miss' }
const WRONG = 'admit.lua answered something else'

/** Returns number of keys, keys and arguments of the script, as EVALSHA takes them. */
export function admissionArguments({
  requestId,
  credential,
  idleSeconds,
  absoluteSeconds,
  policies,
}: AdmissionQuestion): readonly string[] {
  const keys = [...credentialKeys(credential), ...policies.map(policyKey)]
  return [
    ...[String(keys.length), ...keys, requestId],
    ...lifeWords(credential?.kind, idleSeconds, absoluteSeconds),
    ...policies.flatMap(policyWords),
  ]
}

function credentialKeys(credential: Credential | undefined): readonly string[] {
  if (credential === undefined) return []
  const { kind, uid, hash } = credential
  return [kind === 'session' ? sessionKey(uid, hash) : tokenKey(uid, hash), userKey(uid)]
}

function policyKey({ policy, subject }: BoundPolicy): string {
  const { kind, name, windowSeconds } = policy
  return kind === 'window' ? limitKey(subject, name, windowSeconds) : slotKey(subject, name)
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

function policyWords({ policy, ownName }: BoundPolicy): readonly string[] {
  const { kind, quota, windowSeconds } = policy
  const letter = kind === 'window' ? 'w' : 'c'
  return [letter, String(quota), String(windowSeconds), ownName]
}

/**
 * Returns what the script's reply means.
 * @param known how the reply is expected to name the holder, if it is
 * @throws {TypeError} if the reply is not one of admit.lua, which must refuse the request
 */
export function readAdmission(reply: Reply, known?: string): Admission {
  if (typeof reply !== 'string') throw new TypeError(WRONG)
  const holder = known !== undefined && reply.startsWith(known) ? known : holderOf(reply)
  if (holder === undefined) return reply === 'none' ? NONE : MISS
  const flag = reply.charAt(holder.length)
  if (flag !== '1' && flag !== '0') throw new TypeError(WRONG)
  const standing = reply.slice(holder.length + 2)
  return { kind: 'answered', holder, admitted: flag === '1', standing }
}

/** Returns how the reply begins, up to what is said about the limits. */
function holderOf(reply: string): string | undefined {
  if (reply === 'none' || reply === 'miss') return undefined
  const match = /^ok (?:[^ ]+ ){4}/.exec(reply)
  if (match === null) throw new TypeError(WRONG)
  return match[0]
}

/**
 * Returns who holds a credential.
 * @param holder of the admission
 * @throws {TypeError} if it is about nobody
 */
export function readHolder(holder: string): Holder {
  const [, role, epoch, limits, tokenId] = holder.split(' ')
  if (role !== 'user' && role !== 'admin') throw new TypeError('unknown role')
  return { role, epoch: Number(epoch), limits: optional(limits), tokenId: optional(tokenId) }
}

/** Returns true if there is nothing to know of a holder but role and epoch. */
export function isPlain(holder: string): boolean {
  return holder.endsWith(' - - ')
}

/**
 * Returns where the request stands with each policy.
 * @param standing of the admission
 * @throws {TypeError} if it is not about these policies
 */
export function readStates(
  policies: readonly { readonly policy: LimitPolicy }[],
  standing: string,
): readonly PolicyState[] {
  const words = standingWords(policies.length, standing)
  return policies.map(({ policy }, index) => {
    const at = index * WORDS_PER_POLICY
    return {
      policy,
      quota: Number(words[at]),
      remaining: Number(words[at + 1]),
      resetMs: Number(words[at + 2]),
    }
  })
}

/**
 * Returns the headers of an admitted request: those of rateHeaders(readStates(…)), without taking apart
 * what goes into them as it is.
 * @throws {TypeError} as readStates
 */
export function admittedHeaders(policies: readonly SubjectPolicy[], standing: string): RateHeaders {
  if (policies.length === 0) return NO_RATE
  const words = standingWords(policies.length, standing)
  let policy = ''
  let state = ''
  for (let index = 0; index < policies.length; index++) {
    const { policy: own, header, stateStart } = policies[index] as SubjectPolicy
    if (own.kind !== 'window') continue
    const at = index * WORDS_PER_POLICY
    const separator = policy === '' ? '' : ', '
    const quota = Number(words[at])
    policy += separator + (quota === own.quota ? header : formatPolicy({ ...own, quota }))
    state += `${separator}${stateStart}${words[at + 1]};t=${seconds(Number(words[at + 2]))}`
  }
  return { policy, state }
}

function standingWords(policies: number, standing: string): readonly string[] {
  const words = standing === '' ? [] : standing.split(' ')
  if (words.length !== policies * WORDS_PER_POLICY) throw new TypeError(WRONG)
  return words
}

function optional(word: string | undefined): string {
  return word === undefined || word === '-' ? '' : word
}
