/** js_header_filter: obeys the worker's X-Gate-Revoke and keeps it from the client. */

import { GATE_HEADERS } from '../contract/headers.ts'
import { parseRevocation } from '../contract/revocation.ts'
import { readSettings } from '../nginx/gate-settings.ts'
import { revoke } from '../nginx/revocations.ts'

/** Answers of Redis that are under way when a session is revoked arrive within this time, ms. */
const UNDER_WAY_MS = 2000

export function obeyRevocation(r: NginxHTTPRequest): void {
  const value = r.headersOut[GATE_HEADERS.revoke]
  if (value === undefined) return
  delete r.headersOut[GATE_HEADERS.revoke]
  const revocation = parseRevocation(String(value))
  if (revocation === undefined) {
    r.error('gate: malformed revocation from the worker')
    return
  }
  const { freshMs, staleMs } = readSettings(r.variables)
  revoke(revocation, freshMs + staleMs + UNDER_WAY_MS)
}
