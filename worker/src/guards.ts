/** What a route demands of the person behind the request. */

import type { AppContext, Identity, Program } from './context.ts'
import { Failure } from './failure.ts'

/** Returns who is signed in. @throws {Failure} unauthenticated */
export function requireUser(c: AppContext): Identity {
  if (c.var.identity === undefined) throw new Failure('unauthenticated')
  return c.var.identity
}

/** Returns the signed-in admin. @throws {Failure} unauthenticated, admin_only */
export function requireAdmin(c: AppContext): Identity {
  const identity = requireUser(c)
  if (identity.role !== 'admin') throw new Failure('admin_only')
  return identity
}

/** Returns which program asks, and for whom. @throws {Failure} invalid_token */
export function requireProgram(c: AppContext): Program {
  if (c.var.program === undefined) throw new Failure('invalid_token')
  return c.var.program
}
