/** The record of changes by administrators in MySQL. */

import type { AuditState, AuditView } from '#contract/audit.ts'
import {
  AUDIT_RULES,
  type AuditAction,
  type AuditEntry,
  type AuditTarget,
  auditedFields,
} from '../domain/audit.ts'
import type { Database, Queries, SqlValue, Statement } from './mysql.ts'

/** A place in the record, which runs from new to old. */
export interface AuditPosition {
  readonly at: Date
  /** audit_log.id, decimal. */
  readonly id: string
}

/** Which changes are asked for; undefined: whichever. */
export interface AuditQuery {
  /** users.id of who made them. */
  readonly actor: string | undefined
  readonly action: AuditAction | undefined
  readonly targetKind: AuditTarget | undefined
  /** Of a target of `targetKind`. */
  readonly targetId: string | undefined
  /** The first instant. */
  readonly from: Date | undefined
  /** The first instant that is too late. */
  readonly to: Date | undefined
  /** Changes after this one in the list. */
  readonly after: AuditPosition | undefined
  readonly limit: number
}

export interface ListedAudit {
  readonly position: AuditPosition
  readonly view: AuditView
}

/** Every call throws Failure('storage_unavailable') if MySQL is away. */
export interface Audit {
  /** Returns changes from new to old. */
  list(query: AuditQuery): Promise<readonly ListedAudit[]>
}

/**
 * Returns the statement that records a change. It belongs into the transaction of the change, so that there
 * is neither without the other.
 */
export function auditStatement<A extends AuditAction>(entry: AuditEntry<A>): Statement {
  const { origin, action, target, before, after } = entry
  return {
    sql: `INSERT INTO audit_log (actor_id, actor_name, ip, request_id, action, target_kind, target_id,
        before_state, after_state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    params: [
      ...[origin.uid, origin.name, origin.ip, origin.requestId],
      ...[action, AUDIT_RULES[action].target, target],
      jsonOf(auditedFields(action, before)),
      jsonOf(auditedFields(action, after)),
    ],
  }
}

/** Records a change in the transaction that makes it. */
export async function recordChange<A extends AuditAction>(
  tx: Queries,
  entry: AuditEntry<A>,
): Promise<void> {
  const { sql, params } = auditStatement(entry)
  await tx.execute(sql, params)
}

function jsonOf(state: AuditState | null): string | null {
  return state === null ? null : JSON.stringify(state)
}

interface AuditRow extends Omit<AuditView, 'at'> {
  readonly at: Date
}

export function createAudit(db: Database): Audit {
  return {
    async list({ after, limit, ...query }) {
      const conditions: string[] = []
      const params: SqlValue[] = []
      for (const [condition, value] of [
        ['actor_id = ?', query.actor],
        ['action = ?', query.action],
        ['target_kind = ?', query.targetKind],
        ['target_id = ?', query.targetId],
        ['at >= ?', query.from],
        ['at < ?', query.to],
      ] as const) {
        if (value === undefined) continue
        conditions.push(condition)
        params.push(value)
      }
      if (after !== undefined) {
        // The first half lets the index skip to the place; MySQL does not use rows for that.
        conditions.push('at <= ? AND (at < ? OR id < ?)')
        params.push(after.at, after.at, after.id)
      }
      const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
      const rows = await db.query<AuditRow>(
        `SELECT id, at, actor_id, actor_name AS actor, ip, request_id, action, target_kind, target_id,
           before_state AS \`before\`, after_state AS \`after\`
         FROM audit_log ${where} ORDER BY at DESC, id DESC LIMIT ?`,
        [...params, limit],
      )
      return rows.map(({ at, ...row }) => ({
        position: { at, id: row.id },
        view: { ...row, at: at.toISOString() },
      }))
    },
  }
}
