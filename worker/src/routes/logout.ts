/** GET and POST /logout; POST /logout?everywhere=1 ends all sessions of the person. */

import { Hono } from 'hono'
import { z } from 'zod'
import { mayLogOutByGet } from '#contract/cross-site.ts'
import type { App, AppContext, AppEnv, Identity } from '../context.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { clearSessionCookie } from '../session-cookie.ts'
import { endAllSessions, endSession } from '../session-end.ts'
import { type OperationSpec, operation, serve } from './operation.ts'

const LOGOUT = {
  path: '/logout',
  tag: 'Signing in',
  access: 'open',
  isLimited: false,
  answers: {
    303: {
      description: 'Signed out, also for who was not signed in.',
      headers: {
        Location: 'The sign-in page.',
        'Set-Cookie': 'Takes the session cookie away.',
        'Clear-Site-Data': 'What else the browser should forget.',
      },
    },
  },
} as const

const signOutByLink = operation({
  ...LOGOUT,
  id: 'signOutByLink',
  method: 'get',
  summary: 'Ends the session, for a link on a page; a link of another site is asked about first.',
  query: z.looseObject({}),
  problems: ['cross_site'],
})

const signOut = operation({
  ...LOGOUT,
  id: 'signOut',
  method: 'post',
  summary: 'Ends the session, or all sessions of the person.',
  query: z.looseObject({
    everywhere: z.string().optional().meta({ description: '`1`: all sessions.' }),
  }),
})

export const LOGOUT_OPERATIONS: readonly OperationSpec[] = [signOutByLink, signOut]

export function logoutRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()

  serve(app, signOutByLink, async (c) => {
    const meant = mayLogOutByGet(c.req.header('Sec-Fetch-Site'), c.req.header('Sec-Purpose'))
    if (!meant) throw new Failure('cross_site')
    if (c.var.identity !== undefined) await endSession(deps, c, c.var.identity)
    return signedOut(c)
  })

  // The cross-site check of every POST has passed in app.ts.
  serve(app, signOut, async (c, { query }) => {
    const { identity } = c.var
    if (identity !== undefined) {
      if (query.everywhere === '1') await endEverywhere(c, identity)
      else await endSession(deps, c, identity)
    }
    return signedOut(c)
  })

  /**
   * The gate lets a cookie pass here whose session is over, and such a one must not end the others.
   * While Redis cannot tell, it may: a session too few does less harm than one too many.
   */
  async function endEverywhere(c: AppContext, identity: Identity): Promise<void> {
    const { uid, session } = identity
    const isOver = await deps.sessions.find(uid, session).then(
      (found) => found === undefined,
      () => false,
    )
    if (isOver) await endSession(deps, c, identity)
    else await endAllSessions(deps, c, uid)
  }

  /** Works for whoever is not signed in, too: the browser is left without a cookie either way. */
  function signedOut(c: AppContext): Response {
    clearSessionCookie(c, deps.env)
    c.header('Clear-Site-Data', '"cache", "storage"')
    return c.redirect('/login', 303)
  }

  return app
}
