/** What a gate handler decides about a request. Everything but `allow` keeps the worker uncalled. */

import type { ProblemDetails } from '../contract/problem.ts'
import type { ProblemCode } from '../contract/problem-codes.ts'
import type { Role } from '../contract/session.ts'

/** Who is signed in; becomes the X-Gate-* headers. */
export interface Identity {
  readonly uid: string
  readonly role: Role
  /** SHA-256 (hex) of the session token. */
  readonly session: string
}

/** Values of the RateLimit and RateLimit-Policy response headers; empty when no policy applied. */
export interface RateHeaders {
  readonly policy: string
  readonly state: string
}

export interface Allow {
  readonly kind: 'allow'
  readonly identity: Identity | undefined
  readonly rate: RateHeaders
}

export interface Deny {
  readonly kind: 'deny'
  readonly code: ProblemCode
  readonly details: ProblemDetails
  readonly rate: RateHeaders
}

export type Decision = Allow | Deny

export const NO_RATE: RateHeaders = { policy: '', state: '' }

/** Returns a decision to let the request through. */
export function allow(identity: Identity | undefined, rate: RateHeaders = NO_RATE): Allow {
  return { kind: 'allow', identity, rate }
}

/** Returns a decision to refuse the request with a problem. */
export function deny(code: ProblemCode, more: Partial<Pick<Deny, 'details' | 'rate'>> = {}): Deny {
  return { kind: 'deny', code, details: {}, rate: NO_RATE, ...more }
}
