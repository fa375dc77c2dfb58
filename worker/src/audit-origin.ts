import type { AppContext } from './context.ts'
import type { Deps } from './deps.ts'
import type { AuditOrigin } from './domain/audit.ts'
import { Failure } from './failure.ts'
import { requireAdmin } from './guards.ts'

/**
 * Returns the administrator behind a request, for the record of what it changes.
 * @throws {Failure} unauthenticated, admin_only, storage_unavailable
 */
export async function auditOrigin(
  { users }: Pick<Deps, 'users'>,
  c: AppContext,
): Promise<AuditOrigin> {
  const { uid } = requireAdmin(c)
  const user = await users.findById(uid)
  if (user === undefined) throw new Failure('unauthenticated')
  const { ip, requestId } = c.var
  return { uid, name: user.username, ip, requestId }
}
