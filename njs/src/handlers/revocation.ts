/** js_set: obeys the worker's X-Gate-Revoke, which nginx keeps from the client. */

import { parseRevocation } from '../contract/revocation.ts'
import { readSettings } from '../nginx/gate-settings.ts'
import { revoke } from '../nginx/revocations.ts'

/** Answers of Redis that are under way when a session is revoked arrive within this time, ms. */
const UNDER_WAY_MS = 2000

/** Asked for only where there is such a header (nginx/conf.d/variables.conf); returns an empty text. */
export function obeyRevocation(r: NginxHTTPRequest): string {
  const { variables } = r
  const revocation = parseRevocation(variables['upstream_http_x_gate_revoke'] ?? '')
  if (revocation === undefined) {
    r.error('gate: malformed revocation from the worker')
    return ''
  }
  const { freshMs, staleMs } = readSettings(variables)
  revoke(revocation, freshMs + staleMs + UNDER_WAY_MS)
  return ''
}
