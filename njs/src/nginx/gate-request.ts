/** A request as the handlers see it. What not every handler needs is read by functions. */

import type { RequestOrigin } from '../contract/cross-site.ts'
import { addressSubject } from '../domain/client-address.ts'
import { type GateSettings, readSettings } from './gate-settings.ts'

export interface GateRequest {
  readonly r: NginxHTTPRequest
  /** Unix milliseconds. */
  readonly now: number
  readonly settings: GateSettings
}

/**
 * Returns the request with the settings of its location.
 * @throws {SettingError} if a `$gate_*` variable of the location is wrong
 */
export function readRequest(r: NginxHTTPRequest): GateRequest {
  return { r, now: Date.now(), settings: readSettings(r.variables) }
}

/** Returns the request's id. */
export function requestId({ r }: GateRequest): string {
  return r.variables['request_id'] ?? ''
}

/** Returns path and query as the client sent them. */
export function requestTarget({ r }: GateRequest): string {
  return r.variables['request_uri'] ?? ''
}

/** Returns `ip:<address>`, by which a client without a session is counted. */
export function clientSubject({ r }: GateRequest): string {
  return addressSubject(r.variables['remote_addr'] ?? '')
}

/** Returns where the request says it comes from. */
export function requestOrigin({ r }: GateRequest): RequestOrigin {
  const { headersIn } = r
  return {
    method: r.method,
    secFetchSite: headersIn['Sec-Fetch-Site'],
    origin: headersIn['Origin'],
    host: headersIn['Host'],
  }
}
