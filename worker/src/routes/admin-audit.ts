/** GET /admin/api/audit: what administrators have changed, from new to old. */

import { Hono } from 'hono'
import { z } from 'zod'
import type * as Contract from '#contract/audit.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { AUDIT_ACTIONS, AUDIT_TARGETS } from '../domain/audit.ts'
import { createCursors } from '../domain/cursor.ts'
import type { AuditPosition, ListedAudit } from '../stores/audit.ts'
import { isRange, NO_RANGE, rangeParams } from './instant.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { cursorParam, limitParam, readCursor, toPage } from './paging.ts'
import { findUserId, userParam } from './user-filter.ts'

const AuditFilter = z
  .strictObject({
    limit: limitParam,
    cursor: cursorParam,
    actor: userParam,
    action: z.enum(AUDIT_ACTIONS).optional(),
    target_kind: z.enum(AUDIT_TARGETS).optional(),
    target_id: z
      .string()
      .regex(/^[\x21-\x7e]{1,64}$/)
      .optional()
      .meta({ description: 'Of a target of `target_kind`.' }),
    ...rangeParams,
  })
  .refine(isRange, NO_RANGE)
  .refine(({ target_kind: kind, target_id: id }) => id === undefined || kind !== undefined, {
    path: ['target_kind'],
    message: 'is needed beside target_id',
  })

const State = z
  .record(
    z.string(),
    z.union([z.string(), z.number(), z.boolean(), z.null(), z.record(z.string(), z.number())]),
  )
  .nullable()

const AuditView = z
  .strictObject({
    id: z.string(),
    at: z.iso.datetime(),
    actor_id: z.string().nullable().meta({ description: 'Null: an operator at the machine.' }),
    actor: z.string().meta({ description: 'The name as it was then.' }),
    ip: z.string(),
    request_id: z.string(),
    action: z.string(),
    target_kind: z.string(),
    target_id: z.string(),
    before: State.meta({ description: 'Null: it was not there.' }),
    after: State.meta({ description: 'Null: it is gone.' }),
  })
  .meta({ id: 'AuditRecord' }) satisfies z.ZodType<Contract.AuditView>

const listAudit = operation({
  id: 'listAudit',
  method: 'get',
  path: '/admin/api/audit',
  tag: 'Administration',
  summary: 'Lists what administrators have changed, from new to old.',
  access: 'admin',
  query: AuditFilter,
  answers: {
    200: {
      description: 'A page of the record.',
      schema: z.strictObject({ items: z.array(AuditView), next: z.string().nullable() }),
    },
  },
})

export const ADMIN_AUDIT_OPERATIONS: readonly OperationSpec[] = [listAudit]

export function adminAuditRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const cursors = createCursors(deps.env.workerSecret, 'audit')

  serve(app, listAudit, async (c, { query }) => {
    const { limit, action, from, to } = query
    const found = await deps.audit.list({
      ...{ action, from, to, limit: limit + 1 },
      actor: await findUserId(deps.users, query.actor),
      targetKind: query.target_kind,
      targetId: query.target_id,
      after: toPosition(readCursor(cursors, query.cursor)),
    })
    return c.json(
      toPage(
        found,
        limit,
        ({ view }) => view,
        ({ position }: ListedAudit) => cursors.encode([String(position.at.getTime()), position.id]),
      ),
    )
  })

  return app
}

function toPosition(parts: readonly string[] | undefined): AuditPosition | undefined {
  if (parts === undefined) return undefined
  const [at, id = ''] = parts
  return { at: new Date(Number(at)), id }
}
