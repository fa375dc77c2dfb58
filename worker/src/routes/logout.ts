/** GET and POST /logout. */

import { Hono } from 'hono'
import { mayLogOutByGet } from '#contract/cross-site.ts'
import { GATE_HEADERS } from '#contract/headers.ts'
import { formatRevocation } from '#contract/revocation.ts'
import type { App, AppContext, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { clearSessionCookie } from '../session-cookie.ts'

export function logoutRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()

  app.get('/logout', async (c) => {
    const meant = mayLogOutByGet(c.req.header('Sec-Fetch-Site'), c.req.header('Sec-Purpose'))
    if (!meant) throw new Failure('cross_site')
    return await signOut(c)
  })

  // The cross-site check of every POST has passed in app.ts.
  app.post('/logout', signOut)

  /** Works for whoever is not signed in, too: the browser is left without a cookie either way. */
  async function signOut(c: AppContext): Promise<Response> {
    const { identity, requestId } = c.var
    if (identity !== undefined) {
      const { uid, session } = identity
      c.header(GATE_HEADERS.revoke, formatRevocation({ kind: 'session', uid, session }))
      try {
        await deps.sessions.end(uid, session)
      } catch (err) {
        // The person wants out: without Redis the cookie goes, and this gate forgets the session.
        deps.log.warn({ requestId, uid, err }, 'session not ended in Redis')
      }
    }
    clearSessionCookie(c, deps.env)
    c.header('Clear-Site-Data', '"cache", "storage"')
    return c.redirect('/login', 303)
  }

  return app
}
