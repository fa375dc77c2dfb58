/** A request as the handlers see it. What not every handler needs is read by functions. */

import type { RequestOrigin } from '../contract/cross-site.ts'
import { addressSubject } from '../domain/client-address.ts'
import type { Decision, Deny } from '../domain/decision.ts'
import type { GateSettings } from './gate-settings.ts'

export interface GateRequest {
  readonly r: NginxHTTPRequest
  /** Those of `r`: each look at that property makes a new object. */
  readonly variables: NginxVariables
  /** Unix milliseconds. */
  readonly now: number
  readonly settings: GateSettings
  readonly refuse: Refuse
  /** Kept by guard.ts: `open` until the handler has returned, `settled` with the first decision. */
  state: 'open' | 'waiting' | 'settled'
  /** Runs while its decision is waited for. */
  deadline: TimerHandle | undefined
  /** The decision, if it came before anybody waited for it. */
  early?: Decision
}

/** How the kind of location answers a refusal: with a problem, a page or a redirect. */
export type Refuse = (request: GateRequest, decision: Deny) => void

/** Returns a request that is about to be decided. */
export function gateRequest(
  r: NginxHTTPRequest,
  variables: NginxVariables,
  settings: GateSettings,
  refuse: Refuse,
): GateRequest {
  return { r, variables, now: Date.now(), settings, refuse, state: 'open', deadline: undefined }
}

/** Returns path and query as the client sent them. */
export function requestTarget({ variables }: GateRequest): string {
  return variables['request_uri'] ?? ''
}

/** Returns `ip:<address>`, by which a client without a session is counted. */
export function clientSubject({ variables }: GateRequest): string {
  return addressSubject(variables['remote_addr'] ?? '')
}

/** Returns where the request says it comes from. */
export function requestOrigin({ r, variables }: GateRequest): RequestOrigin {
  return {
    method: r.method,
    secFetchSite: variables['http_sec_fetch_site'],
    origin: variables['http_origin'],
    host: variables['http_host'],
  }
}
