/** A request as the handlers see it: plain values, read once. */

import type { RequestOrigin } from '../contract/cross-site.ts'
import { parseSessionCookie, type SessionCookie } from '../contract/session.ts'
import { addressSubject } from '../domain/client-address.ts'
import { readCookie } from '../domain/cookie.ts'
import { type GateSettings, readSettings } from './gate-settings.ts'

export interface GateRequest {
  readonly r: NginxHTTPRequest
  readonly id: string
  /** Unix milliseconds. */
  readonly now: number
  /** Path and query as the client sent them. */
  readonly target: string
  readonly settings: GateSettings
  readonly origin: RequestOrigin
  /** `ip:<address>`, by which a client without a session is counted. */
  readonly addressSubject: string
  /** The session cookie if it has the right form; not yet proved authentic. */
  readonly cookie: SessionCookie | undefined
}

/**
 * Returns the request's plain values.
 * @throws {SettingError} if a `$gate_*` variable of the location is wrong
 */
export function readRequest(r: NginxHTTPRequest): GateRequest {
  const { variables, headersIn } = r
  const settings = readSettings(variables)
  const value = readCookie(headersIn['Cookie'], settings.cookieName)
  return {
    r,
    id: variables['request_id'] ?? '',
    now: Date.now(),
    target: variables['request_uri'] ?? '',
    settings,
    origin: {
      method: r.method,
      secFetchSite: headersIn['Sec-Fetch-Site'],
      origin: headersIn['Origin'],
      host: headersIn['Host'],
    },
    addressSubject: addressSubject(variables['remote_addr'] ?? ''),
    cookie: value === undefined ? undefined : parseSessionCookie(value),
  }
}
