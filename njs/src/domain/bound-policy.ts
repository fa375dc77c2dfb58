/** Limit policies together with whom they count. */

import { formatPolicy, type LimitPolicy } from '../contract/limit-policy.ts'
import { parseOwnLimits, tokenLimitName } from '../contract/own-limits.ts'
import type { Credential } from './credential.ts'

/**
 * What a policy counts, as `$gate_subject` says. Each falls back to the next: a request without a
 * token counts for its user, one without a user for its address.
 */
export type LimitSubject = 'token' | 'user' | 'ip'

/** A policy of a location. */
export interface SubjectPolicy {
  readonly policy: LimitPolicy
  readonly subject: LimitSubject
  /** The policy as RateLimit-Policy tells it. */
  readonly header: string
  /** How its part of RateLimit begins, up to the number of requests that are left. */
  readonly stateStart: string
}

/** A policy together with the one it counts for this request. */
export interface BoundPolicy {
  readonly policy: LimitPolicy
  /** `t:<token hash>`, `u:<uid>` or `ip:<address>`. */
  readonly subject: string
  /** Name under which the holder's own limits (own-limits.ts) may have another quota, or empty. */
  readonly ownName: string
}

/**
 * Returns the policies of a location with their subjects; one subject serves all.
 * @param subjects comma-separated
 * @throws {RangeError} if a subject is unknown or there are neither one nor as many as policies
 */
export function assignSubjects(
  policies: readonly LimitPolicy[],
  subjects: string,
): readonly SubjectPolicy[] {
  const names = subjects.split(',').map((name) => readSubject(name.trim()))
  if (names.length !== 1 && names.length !== policies.length) {
    throw new RangeError(`${names.length} subjects for ${policies.length} policies: ${subjects}`)
  }
  return policies.map((policy, index) => ({
    policy,
    header: formatPolicy(policy),
    stateStart: `"${policy.name}";r=`,
    // Running answers are the user's, however they were started: the worker renews them by user.
    subject: policy.kind === 'concurrent' ? 'user' : (names[index] ?? names[0] ?? 'user'),
  }))
}

function readSubject(name: string): LimitSubject {
  if (name === 'user' || name === 'ip' || name === 'token') return name
  throw new RangeError(`a subject is user, ip or token, not ${name}`)
}

/** Returns the `ownName` of a policy of that subject for a holder of that kind of credential. */
export function ownLimitName(
  subject: LimitSubject,
  kind: Credential['kind'] | undefined,
  policy: string,
): string {
  if (kind === undefined || subject === 'ip') return ''
  return subject === 'user' || kind === 'session' ? policy : tokenLimitName(policy)
}

/**
 * Returns what a policy of that subject counts.
 * @param address `ip:<address>`; looked at only if the policy counts addresses
 */
export function subjectOf(
  subject: LimitSubject,
  credential: Credential | undefined,
  address: string,
): string {
  if (credential === undefined || subject === 'ip') return address
  return subject === 'user' || credential.kind === 'session'
    ? `u:${credential.uid}`
    : `t:${credential.hash}`
}

/** Returns the policies bound to the request's credential and address, `ip:<address>`. */
export function bindPolicies(
  policies: readonly SubjectPolicy[],
  credential: Credential | undefined,
  address: string,
): readonly BoundPolicy[] {
  return policies.map(({ policy, subject }) => ({
    policy,
    subject: subjectOf(subject, credential, address),
    ownName: ownLimitName(subject, credential?.kind, policy.name),
  }))
}

/** Returns the policies with the quotas of the holder's own limits (own-limits.ts). */
export function applyOwnLimits(
  policies: readonly BoundPolicy[],
  ownLimits: string,
): readonly BoundPolicy[] {
  if (ownLimits === '') return policies
  const quotas = parseOwnLimits(ownLimits)
  return policies.map((bound) => {
    const quota = quotas.get(bound.ownName)
    return quota === undefined ? bound : { ...bound, policy: { ...bound.policy, quota } }
  })
}
