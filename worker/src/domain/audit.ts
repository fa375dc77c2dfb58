/**
 * What is recorded of a change by an administrator. Each action lists the fields that its record may hold,
 * and nothing else of what it is given gets in: a secret cannot, whatever a caller passes.
 */

import type { AuditState, AuditValue } from '#contract/audit.ts'

interface AuditRule {
  /** What is changed: the id of the record's target is of this kind. */
  readonly target: string
  readonly fields: readonly string[]
}

const USER = ['username', 'role', 'state', 'limits', 'must_change'] as const

const KEY = ['alias', 'last4', 'base_url', 'weight', 'account', 'enabled'] as const

const PRICE = ['model', 'currency', 'valid_from', 'tier', 'hit', 'miss', 'output'] as const

/** Every action that is recorded. */
export const AUDIT_RULES = {
  'user.create': { target: 'user', fields: USER },
  'user.change': { target: 'user', fields: USER },
  'user.reset_password': { target: 'user', fields: USER },
  'user.reset_link': { target: 'user', fields: ['username', 'expires_at'] },
  'user.use_reset_link': { target: 'user', fields: USER },
  'user.sign_out': { target: 'user', fields: ['username'] },
  'user.end_session': { target: 'user', fields: ['session'] },
  'user.quota': { target: 'user', fields: ['quotas'] },
  'token.revoke': { target: 'token', fields: ['user_id', 'name', 'last4'] },
  'key.put': { target: 'key', fields: KEY },
  'key.change': { target: 'key', fields: KEY },
  'key.remove': { target: 'key', fields: KEY },
  'price.add': { target: 'price', fields: PRICE },
  'price.remove': { target: 'price', fields: PRICE },
  'holiday.put': { target: 'holiday', fields: ['day', 'name'] },
  'holiday.remove': { target: 'holiday', fields: ['day', 'name'] },
  'generation.stop': { target: 'generation', fields: ['user_id', 'username', 'model', 'worker'] },
} as const satisfies Readonly<Record<string, AuditRule>>

export type AuditAction = keyof typeof AUDIT_RULES
export type AuditTarget = (typeof AUDIT_RULES)[AuditAction]['target']

export const AUDIT_ACTIONS = Object.keys(AUDIT_RULES) as readonly AuditAction[]
export const AUDIT_TARGETS: readonly AuditTarget[] = [
  ...new Set(Object.values(AUDIT_RULES).map(({ target }) => target)),
]

type Field<A extends AuditAction> = (typeof AUDIT_RULES)[A]['fields'][number]

/** What may be told of a target of this action; more is dropped. */
export type Audited<A extends AuditAction> = { readonly [F in Field<A>]?: AuditValue }

/** Who makes a change, and by which request. */
export interface AuditOrigin {
  /** users.id, decimal; null: an operator at the machine. */
  readonly uid: string | null
  readonly name: string
  /** Empty if there is none. */
  readonly ip: string
  /** Empty if there is none. */
  readonly requestId: string
}

/** Somebody who works at the machine itself. */
export const OPERATOR: AuditOrigin = { uid: null, name: 'operator', ip: '', requestId: '' }

/** A change to be recorded. */
export interface AuditEntry<A extends AuditAction> {
  readonly origin: AuditOrigin
  readonly action: A
  /** Id of the target, at most 64 characters of ASCII. */
  readonly target: string
  /** Null: it was not there. */
  readonly before: Audited<A> | null
  /** Null: it is gone. */
  readonly after: Audited<A> | null
}

/** Returns the fields that the action lists, as far as they are given. */
export function auditedFields<A extends AuditAction>(
  action: A,
  state: Audited<A> | null,
): AuditState | null {
  if (state === null) return null
  const given: Readonly<Partial<Record<string, AuditValue>>> = state
  const fields: Record<string, AuditValue> = {}
  for (const name of AUDIT_RULES[action].fields) {
    const value = given[name]
    if (value !== undefined) fields[name] = value
  }
  return fields
}
