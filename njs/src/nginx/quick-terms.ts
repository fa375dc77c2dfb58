/** What the quick way (quick.ts) has to know of a location, put together once. */

import type { AdmissionFrames } from '../domain/admission-frame.ts'
import type { SubjectPolicy } from '../domain/bound-policy.ts'
import { slotStart } from '../domain/local-slots.ts'

export interface QuickTerms {
  readonly isLimited: boolean
  /** How the key of a remembered refusal begins. */
  readonly refusalStart: string
  /** Texts of a session's question by length of the uid, around uid, hash, uid, uids and request id. */
  readonly texts: readonly (readonly string[])[]
  readonly windowMs: number
  /** How many local slots a subject has. */
  readonly slots: number
  /** How the key of a local slot begins, up to the uid. */
  readonly slotStart: string
  /** The quota as admit.lua writes it. */
  readonly quota: string
  /** How many words admit.lua writes about the policies. */
  readonly words: number
  readonly policyHeader: string
  readonly stateStart: string
}

/** users.id is a BIGINT. */
const LONGEST_UID = 20

const NOTHING: QuickTerms = {
  isLimited: false,
  refusalStart: '',
  texts: [],
  windowMs: 0,
  slots: 0,
  slotStart: '',
  quota: '',
  words: 0,
  policyHeader: '',
  stateStart: '',
}

/**
 * Returns the terms of a location that has no limits, or one window per user and perhaps a number of
 * running answers; undefined for any other.
 * @param refusalStart how the key of a remembered refusal begins
 */
export function quickTerms(
  policies: readonly SubjectPolicy[],
  frames: AdmissionFrames,
  refusalStart: string,
): QuickTerms | undefined {
  const [first, second] = policies
  if (first === undefined) return NOTHING
  const { policy, subject, header, stateStart } = first
  if (policies.length > 2 || policy.kind !== 'window' || subject === 'ip') return undefined
  if (second !== undefined && second.policy.kind !== 'concurrent') return undefined
  return {
    isLimited: true,
    refusalStart,
    texts: Array.from({ length: LONGEST_UID + 1 }, (_, length) => frames.sessionTexts(length)),
    windowMs: policy.windowSeconds * 1000,
    slots: policy.quota,
    slotStart: slotStart(policy, 'u:'),
    quota: String(policy.quota),
    words: policies.length * 3,
    policyHeader: header,
    stateStart,
  }
}
