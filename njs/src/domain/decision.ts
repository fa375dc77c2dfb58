/** What a gate handler decides about a request. Everything but `allow` keeps the worker uncalled. */

import type { ProblemDetails } from '../contract/problem.ts'
import type { ProblemCode } from '../contract/problem-codes.ts'
import type { Role } from '../contract/session.ts'
import type { Credential } from './credential.ts'

/** Who is signed in, and by which session or token; becomes the X-Gate-* headers. */
export interface Identity extends Credential {
  readonly role: Role
  /** access_tokens.id, or empty for a browser. */
  readonly tokenId: string
}

/** Values of the RateLimit and RateLimit-Policy response headers; empty when no policy applied. */
export interface RateHeaders {
  readonly policy: string
  readonly state: string
}

/**
 * What a decision rests on: `own` nothing but the request, `cache` a session asked about a moment ago,
 * `stale` an older one while Redis is away, `redis` a round trip, `local` this nginx's own count,
 * `memory` a refusal that still holds.
 */
export type Source = 'own' | 'cache' | 'stale' | 'redis' | 'local' | 'memory'

export interface Allow {
  readonly kind: 'allow'
  readonly source: Source
  readonly identity: Identity | undefined
  readonly rate: RateHeaders
  /** Name of the `concurrent` policy toward which the request counts, or empty. */
  readonly slot: string
}

export interface Deny {
  readonly kind: 'deny'
  readonly source: Source
  readonly code: ProblemCode
  readonly details: ProblemDetails
  readonly rate: RateHeaders
  /** users.id of whose request it was, or empty; for the access log. */
  readonly uid: string
}

export type Decision = Allow | Deny

export const NO_RATE: RateHeaders = { policy: '', state: '' }

/**
 * Returns a decision to let the request through.
 * @param slot name of the `concurrent` policy toward which it counts, or empty
 */
export function allow(
  identity: Identity | undefined,
  source: Source = 'own',
  rate: RateHeaders = NO_RATE,
  slot = '',
): Allow {
  return { kind: 'allow', source, identity, rate, slot }
}

/** Returns a decision to refuse the request with a problem. */
export function deny(
  code: ProblemCode,
  more: Partial<Pick<Deny, 'details' | 'rate' | 'source' | 'uid'>> = {},
): Deny {
  const { source = 'own', details = {}, rate = NO_RATE, uid = '' } = more
  return { kind: 'deny', source, code, details, rate, uid }
}
