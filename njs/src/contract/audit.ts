/** The record of what administrators have changed, as GET /admin/api/audit shows it. */

export type AuditValue = string | number | boolean | null | Readonly<Record<string, number>>

/** Listed fields of something, as they were before or after a change. */
export type AuditState = Readonly<Record<string, AuditValue>>

/** One change. */
export interface AuditView {
  readonly id: string
  /** ISO 8601, UTC. */
  readonly at: string
  /** users.id; null: an operator at the machine. */
  readonly actor_id: string | null
  /** The name as it was then. */
  readonly actor: string
  /** Empty for operators. */
  readonly ip: string
  readonly request_id: string
  readonly action: string
  readonly target_kind: string
  readonly target_id: string
  /** Null: it was not there. */
  readonly before: AuditState | null
  /** Null: it is gone. */
  readonly after: AuditState | null
}
