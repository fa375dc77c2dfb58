/** What the quick way (quick.ts) has to know of a location, put together once. */

import type { LimitPolicy } from '../contract/limit-policy.ts'
import type { SubjectPolicy } from '../domain/bound-policy.ts'
import { slotStart } from '../domain/local-slots.ts'
import { floodTally } from '../domain/tally.ts'

/** Of a location without limits. */
export const UNLIMITED = 'unlimited'

/** Of a location with one window per user, and perhaps a number of running answers. */
export interface QuickLimit {
  /** The window. */
  readonly policy: LimitPolicy
  /**
   * Texts of a session's question by length of the uid, around uid, hash, uid, uids and request id; made
   * when they are first needed, because they take as long as a hundred requests.
   */
  readonly texts: Record<number, readonly string[]>
  readonly windowMs: number
  /** How the key of a local slot begins, up to the uid. */
  readonly slotStart: string
  /** The quota as admit.lua writes it. */
  readonly quota: string
  /** How many words admit.lua writes about the policies. */
  readonly words: number
  readonly policyHeader: string
  readonly stateStart: string
  /** How a refusal from memory is counted. */
  readonly flood: string
}

/** Returns the terms of a location, undefined for one whose requests all go the long way. */
export function quickTerms(
  policies: readonly SubjectPolicy[],
): QuickLimit | typeof UNLIMITED | undefined {
  const [first, second] = policies
  if (first === undefined) return UNLIMITED
  const { policy, subject, header, stateStart } = first
  if (policies.length > 2 || policy.kind !== 'window' || subject === 'ip') return undefined
  if (second !== undefined && second.policy.kind !== 'concurrent') return undefined
  return {
    policy,
    texts: {},
    windowMs: policy.windowSeconds * 1000,
    slotStart: slotStart(policy, 'u:'),
    quota: String(policy.quota),
    words: policies.length * 3,
    policyHeader: header,
    stateStart,
    flood: floodTally(policy.name),
  }
}
