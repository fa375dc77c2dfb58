/** /api/me/sessions: where a person is signed in, and ending that. */

import { Hono } from 'hono'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { requireUser } from '../guards.ts'
import { clearSessionCookie } from '../session-cookie.ts'
import { endAllSessions, endSession } from '../session-end.ts'
import { sessionView } from './session-view.ts'

export function sessionRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()

  app.get('/api/me/sessions', async (c) => {
    const { uid, session } = requireUser(c)
    const [sessions = []] = await deps.sessions.list([uid])
    return c.json({ sessions: sessions.map((item) => sessionView(item, session)) })
  })

  app.delete('/api/me/sessions/:id', async (c) => {
    const { uid, session } = requireUser(c)
    const id = c.req.param('id')
    // What is not there is not revoked either: the gate remembers every revocation for a while.
    if ((await deps.sessions.find(uid, id)) === undefined) throw new Failure('not_found')
    await endSession(deps, c, { uid, session: id })
    if (id === session) clearSessionCookie(c, deps.env)
    return c.body(null, 204)
  })

  /** All but the one that asks. */
  app.delete('/api/me/sessions', async (c) => {
    const { uid, session } = requireUser(c)
    const current = await deps.sessions.find(uid, session)
    const isDone = current !== undefined && (await endAllSessions(deps, c, uid, { keep: current }))
    // It was ended from another place a moment ago, so it has nothing to say any more.
    if (!isDone) throw new Failure('unauthenticated')
    return c.body(null, 204)
  })

  return app
}
