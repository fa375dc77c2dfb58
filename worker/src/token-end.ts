/** Ending an access token, whoever does it. */

import { GATE_HEADERS } from '#contract/headers.ts'
import { formatRevocation } from '#contract/revocation.ts'
import type { AppContext } from './context.ts'
import type { Deps } from './deps.ts'
import type { AuditOrigin } from './domain/audit.ts'
import { Failure } from './failure.ts'

/**
 * Revokes a token of the user: this gate refuses it from this answer on, the others within two seconds.
 * @param by the administrator who does it; undefined: its owner
 * @throws {Failure} not_found, storage_unavailable
 */
export async function endToken(
  deps: Deps,
  c: AppContext,
  uid: string,
  id: string,
  by?: AuditOrigin,
): Promise<void> {
  const hash = await deps.accessTokens.revoke(uid, id, by)
  if (hash === undefined) throw new Failure('not_found')
  deps.quotaBook.outdate()
  deps.tokenTerms.forget(id)
  c.header(GATE_HEADERS.revoke, formatRevocation({ kind: 'session', uid, session: hash }))
  await dropFromRedis(deps, c, uid, hash)
}

/** Makes the gates ask the worker about a token again. It is in the outbox, too, for a Redis that is away. */
export async function dropFromRedis(
  { accessTokens, log }: Deps,
  c: AppContext,
  uid: string,
  hash: string,
): Promise<void> {
  try {
    await accessTokens.forget(uid, hash)
  } catch (err) {
    log.warn({ requestId: c.var.requestId, uid, err }, 'access token not taken out of Redis yet')
  }
}
