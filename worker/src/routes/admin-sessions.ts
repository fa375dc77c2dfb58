/** Where somebody is signed in, and ending that, by an administrator. */

import { Hono } from 'hono'
import { z } from 'zod'
import { auditOrigin } from '../audit-origin.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { endAllSessions, endSession } from '../session-end.ts'
import { idParam } from './ids.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { SessionView, sessionIdParam, sessionView } from './session-view.ts'

const UserId = z.strictObject({ id: idParam })

const listUserSessions = operation({
  id: 'listUserSessions',
  method: 'get',
  path: '/admin/api/users/{id}/sessions',
  tag: 'Administration',
  summary: 'Lists where somebody is signed in.',
  access: 'admin',
  params: UserId,
  answers: {
    200: {
      description:
        'The 200 newest live sessions, the newest first; none for a user who is not there.',
      schema: z.strictObject({ sessions: z.array(SessionView) }),
    },
  },
})

const endUserSession = operation({
  id: 'endUserSession',
  method: 'delete',
  path: '/admin/api/users/{id}/sessions/{session}',
  tag: 'Administration',
  summary: 'Ends one session of somebody.',
  access: 'admin',
  params: UserId.extend({ session: sessionIdParam }),
  answers: { 204: { description: 'It is over.' } },
})

const signOutUser = operation({
  id: 'signOutUser',
  method: 'post',
  path: '/admin/api/users/{id}/sign-out',
  tag: 'Administration',
  summary: 'Ends all sessions of somebody; access tokens stay good.',
  access: 'admin',
  params: UserId,
  answers: { 204: { description: 'They are over.' } },
})

export const ADMIN_SESSION_OPERATIONS: readonly OperationSpec[] = [
  listUserSessions,
  endUserSession,
  signOutUser,
]

export function adminSessionRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()

  serve(app, listUserSessions, async (c, { params, who }) => {
    const [sessions = []] = await deps.sessions.list([params.id])
    return c.json({ sessions: sessions.map((session) => sessionView(session, who.session)) })
  })

  serve(app, endUserSession, async (c, { params: { id, session }, who }) => {
    const origin = await auditOrigin(deps, c)
    // What is not there is not revoked either: the gate remembers every revocation for a while.
    if ((await deps.sessions.find(id, session)) === undefined) throw new Failure('not_found')
    await deps.revocations.note(id, session, origin)
    await endSession(deps, c, { uid: id, session })
    const { requestId } = c.var
    deps.log.info({ requestId, uid: who.uid, user: id }, 'a session was ended')
    return c.body(null, 204)
  })

  serve(app, signOutUser, async (c, { params: { id } }) => {
    const origin = await auditOrigin(deps, c)
    const isDone = await endAllSessions(deps, c, id, { origin })
    if (!isDone) throw new Failure('not_found')
    return c.body(null, 204)
  })

  return app
}
