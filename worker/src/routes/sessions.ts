/** /api/me/sessions: where a person is signed in, and ending that. */

import { Hono } from 'hono'
import { z } from 'zod'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { clearSessionCookie } from '../session-cookie.ts'
import { endAllSessions, endSession } from '../session-end.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { SessionView, sessionIdParam, sessionView } from './session-view.ts'

const TAG = 'Sessions'

const listSessions = operation({
  id: 'listSessions',
  method: 'get',
  path: '/api/me/sessions',
  tag: TAG,
  summary: 'Lists where the person is signed in.',
  access: 'user',
  answers: {
    200: {
      description: 'The live sessions.',
      schema: z.strictObject({ sessions: z.array(SessionView) }),
    },
  },
})

const endOneSession = operation({
  id: 'endSession',
  method: 'delete',
  path: '/api/me/sessions/{id}',
  tag: TAG,
  summary: 'Ends a session of the person; every gate refuses it within two seconds.',
  access: 'user',
  params: z.strictObject({ id: sessionIdParam }),
  answers: { 204: { description: 'It is over.' } },
})

const endOtherSessions = operation({
  id: 'endOtherSessions',
  method: 'delete',
  path: '/api/me/sessions',
  tag: TAG,
  summary: 'Ends all sessions of the person but the one that asks.',
  access: 'user',
  answers: { 204: { description: 'They are over.' } },
})

export const SESSION_OPERATIONS: readonly OperationSpec[] = [
  listSessions,
  endOneSession,
  endOtherSessions,
]

export function sessionRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()

  serve(app, listSessions, async (c, { who }) => {
    const { uid, session } = who
    const [sessions = []] = await deps.sessions.list([uid])
    return c.json({ sessions: sessions.map((item) => sessionView(item, session)) })
  })

  serve(app, endOneSession, async (c, { who, params }) => {
    const { uid, session } = who
    const { id } = params
    // What is not there is not revoked either: the gate remembers every revocation for a while.
    if ((await deps.sessions.find(uid, id)) === undefined) throw new Failure('not_found')
    await endSession(deps, c, { uid, session: id })
    if (id === session) clearSessionCookie(c, deps.env)
    return c.body(null, 204)
  })

  serve(app, endOtherSessions, async (c, { who }) => {
    const { uid, session } = who
    const current = await deps.sessions.find(uid, session)
    const isDone = current !== undefined && (await endAllSessions(deps, c, uid, { keep: current }))
    // It was ended from another place a moment ago, so it has nothing to say any more.
    if (!isDone) throw new Failure('unauthenticated')
    return c.body(null, 204)
  })

  return app
}
