/** Access tokens: those that the worker does not know, and asking it about those that Redis does not. */

import type { Credential } from '../domain/credential.ts'
import { unknownTokens } from './zones.ts'

/** How long a token that the worker does not know is refused without asking again. */
const UNKNOWN_MS = 60_000

/** The internal location that leads to the worker's GET /internal/token. */
const TOKEN_LOCATION = '/_token'

/** Returns true if the worker did not know the token a moment ago. */
export function isUnknownToken({ hash }: Credential): boolean {
  return unknownTokens.has(hash)
}

/**
 * Has the worker put the token into Redis. Returns whether it is there now; `unavailable` if the
 * worker could not say.
 */
export async function loadToken(
  r: NginxHTTPRequest,
  { uid, hash }: Credential,
): Promise<'loaded' | 'unknown' | 'unavailable'> {
  const reply = await r.subrequest(TOKEN_LOCATION, { args: `uid=${uid}&hash=${hash}` })
  if (reply.status === 204) return 'loaded'
  if (reply.status !== 404) return 'unavailable'
  unknownTokens.set(hash, '1', UNKNOWN_MS)
  return 'unknown'
}
