/** js_header_filter: obeys the worker's X-Gate-Revoke and keeps it from the client. */

import { GATE_HEADERS } from '../contract/headers.ts'
import { parseRevocation } from '../contract/revocation.ts'
import { revoke } from '../nginx/session-cache.ts'

export function obeyRevocation(r: NginxHTTPRequest): void {
  const value = r.headersOut[GATE_HEADERS.revoke]
  if (value === undefined) return
  delete r.headersOut[GATE_HEADERS.revoke]
  const revocation = parseRevocation(String(value))
  if (revocation === undefined) r.error('gate: malformed revocation from the worker')
  else revoke(revocation)
}
