/** Ending sessions so that they stay ended: in Redis, in the gate that asked, and after an outage. */

import { GATE_HEADERS } from '#contract/headers.ts'
import { formatRevocation } from '#contract/revocation.ts'
import type { AppContext, Identity } from './context.ts'
import type { Deps } from './deps.ts'
import type { AuditOrigin } from './domain/audit.ts'
import type { LiveSession } from './stores/sessions.ts'
import type { GateUser } from './stores/users.ts'

/**
 * Ends one session; ending one that is over is no error. Never rejects: without Redis the session
 * waits in the outbox for its end, and this gate forgets it at once.
 */
export async function endSession(
  deps: Deps,
  c: AppContext,
  { uid, session }: Pick<Identity, 'uid' | 'session'>,
): Promise<void> {
  const { requestId } = c.var
  c.header(GATE_HEADERS.revoke, formatRevocation({ kind: 'session', uid, session }))
  const ended = await deps.sessions.end(uid, session).catch((err: unknown) => {
    deps.log.warn({ requestId, uid, err }, 'session not ended in Redis')
    return undefined
  })
  // It was over already: there is nothing that could come back.
  if (ended === false) return
  await deps.revocations.note(uid, session).catch((err: unknown) => {
    if (ended) deps.log.warn({ requestId, uid, err }, 'the end of a session was not noted')
    else deps.log.error({ requestId, uid, err }, 'a session lives on: it could not be ended')
  })
}

/**
 * Ends all sessions of a user.
 * @param keep a live session that goes on
 * @param origin of an administrator who does this to somebody
 * @returns false if there is no such user, or `keep` was no longer alive; then nothing was ended
 * @throws {Failure} storage_unavailable: nothing was ended
 */
export async function endAllSessions(
  deps: Deps,
  c: AppContext,
  uid: string,
  { keep, origin }: { readonly keep?: LiveSession; readonly origin?: AuditOrigin } = {},
): Promise<boolean> {
  const user = await deps.userStates.raiseEpoch(uid, keep?.epoch, origin)
  if (user === undefined) return false
  deps.log.info({ requestId: c.var.requestId, uid, epoch: user.epoch }, 'all sessions ended')
  c.header(GATE_HEADERS.revoke, formatRevocation({ kind: 'epoch', uid, epoch: user.epoch }))
  const told =
    keep === undefined ? deps.userCopies.write([user]) : deps.sessions.keepOne(user, keep.hash)
  await tolerate(deps, c, user, told)
  return true
}

/**
 * Tells Redis of a user that was changed in MySQL. Never rejects: the change is in the outbox, and
 * Redis learns of it as soon as it is back.
 */
export async function tellRedis(deps: Deps, c: AppContext, user: GateUser): Promise<void> {
  await tolerate(deps, c, user, deps.userCopies.write([user]))
}

async function tolerate(
  deps: Deps,
  c: AppContext,
  user: GateUser,
  told: Promise<unknown>,
): Promise<void> {
  try {
    await told
  } catch (err) {
    deps.log.warn(
      { requestId: c.var.requestId, uid: user.id, err },
      'Redis has not been told of a change of a user yet',
    )
  }
}
