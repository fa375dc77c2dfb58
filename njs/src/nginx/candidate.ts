/** A request that Redis is asked about. */

import type { Credential } from '../domain/credential.ts'
import type { Deny, RateHeaders } from '../domain/decision.ts'
import type { LocalCount } from '../domain/local-slots.ts'
import type { KnownCredential } from './credential-cache.ts'
import type { GateRequest } from './gate-request.ts'

export interface Candidate {
  readonly request: GateRequest
  /** The credential as the client sent it, or empty where nobody needs to be signed in. */
  readonly text: string
  readonly credential: Credential | undefined
  /** The same, if it was good a while ago. */
  readonly known: KnownCredential | undefined
  /** `ip:<address>`, or empty if no policy of the location counts addresses. */
  readonly address: string
  /** What this nginx counted beside Redis, while the two may disagree. */
  beside?: LocalCount | undefined
  /** Decides, once it is known what Redis says; called once. */
  readonly judge: (candidate: Candidate, asked: Asked) => void
}

/** What Redis said, that the count beside it refuses, or that Redis could not be asked. */
export type Asked =
  | { readonly kind: 'none' }
  | { readonly kind: 'miss' }
  | { readonly kind: 'away' }
  | {
      readonly kind: 'refused'
      /** Who holds the credential, as the script says it; undefined if only the count beside knows. */
      readonly holder: string | undefined
      readonly refusal: Deny
    }
  | { readonly kind: 'admitted'; readonly holder: string; readonly rate: RateHeaders }
