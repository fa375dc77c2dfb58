/** /admin/api/generations: the calls of the model that run, and stopping one. */

import { Hono } from 'hono'
import { z } from 'zod'
import type * as Admin from '#contract/admin.ts'
import { auditOrigin } from '../audit-origin.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { createCursors } from '../domain/cursor.ts'
import { Failure } from '../failure.ts'
import type { RunningCall, RunningPosition } from '../stores/running-calls.ts'
import { idParam } from './ids.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { cursorParam, limitParam, readCursor, toPage } from './paging.ts'
import { findUserId, userParam } from './user-filter.ts'

const GenerationView = z
  .strictObject({
    id: z.string(),
    user_id: idParam,
    username: z.string(),
    conversation_id: idParam.nullable().meta({ description: 'Null: a call of a program.' }),
    model: z.string().meta({ description: 'As it was asked for.' }),
    key_alias: z.string().nullable(),
    worker: z.string().meta({ description: 'Name of the worker that runs it.' }),
    started_at: z.iso.datetime(),
    seconds: z.int().meta({ description: 'Since then.' }),
  })
  .meta({ id: 'RunningGeneration' }) satisfies z.ZodType<Admin.GenerationView>

const listGenerations = operation({
  id: 'listGenerations',
  method: 'get',
  path: '/admin/api/generations',
  tag: 'Administration',
  summary: 'Lists the calls of the model that run, of all workers, the oldest first.',
  access: 'admin',
  query: z.strictObject({ limit: limitParam, cursor: cursorParam, user: userParam }),
  answers: {
    200: {
      description: 'A page of calls.',
      schema: z.strictObject({ items: z.array(GenerationView), next: z.string().nullable() }),
    },
  },
})

const killGeneration = operation({
  id: 'killGeneration',
  method: 'post',
  path: '/admin/api/generations/{id}/stop',
  tag: 'Administration',
  summary: 'Stops a call, whoever runs it; nothing happens to one that has ended.',
  description: 'It is billed as one that its owner has stopped.',
  access: 'admin',
  params: z.strictObject({ id: z.string().regex(/^[0-9a-f]{32}$/) }),
  missing: 'generation_not_found',
  answers: { 204: { description: 'It has been told to stop, or had ended.' } },
  problems: ['generation_not_found', 'session_store_unavailable'],
})

export const ADMIN_GENERATION_OPERATIONS: readonly OperationSpec[] = [
  listGenerations,
  killGeneration,
]

export function adminGenerationRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const { runningCalls, log } = deps
  const cursors = createCursors(deps.env.workerSecret, 'generations')

  serve(app, listGenerations, async (c, { query: { limit, cursor, user } }) => {
    const uid = await findUserId(deps.users, user)
    const after = toPosition(readCursor(cursors, cursor))
    const found = await runningCalls.list(uid, after, limit + 1)
    const now = deps.now()
    return c.json(
      toPage(
        found,
        limit,
        (call) => view(call, now),
        ({ started_at, id }: RunningCall) => cursors.encode([String(started_at.getTime()), id]),
      ),
    )
  })

  serve(app, killGeneration, async (c, { params: { id }, who: { uid } }) => {
    const call = await runningCalls.find(id)
    if (call === undefined) throw new Failure('generation_not_found')
    if (!call.isOpen) return c.body(null, 204)
    // Before it happens: a stop that nobody has recorded must not be.
    await runningCalls.noteStop(call, await auditOrigin(deps, c))
    await deps.answers.stop(call.user_id, id)
    log.info({ requestId: c.var.requestId, uid, generation: id }, 'a call was stopped')
    return c.body(null, 204)
  })

  return app
}

function view({ started_at, ...call }: RunningCall, now: number): Admin.GenerationView {
  const { id, user_id, username, conversation_id, model, key_alias, worker } = call
  return {
    ...{ id, user_id, username, conversation_id, model, key_alias, worker },
    started_at: started_at.toISOString(),
    seconds: Math.max(0, Math.round((now - started_at.getTime()) / 1000)),
  }
}

function toPosition(parts: readonly string[] | undefined): RunningPosition | undefined {
  if (parts === undefined) return undefined
  const [startedAt, id = ''] = parts
  return { startedAt: new Date(Number(startedAt)), id }
}
