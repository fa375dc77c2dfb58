/** POST /login, from a script (JSON) or a plain form. */

import { Hono } from 'hono'
import { z } from 'zod'
import type { SignedIn } from '#contract/api.ts'
import type { App, AppContext, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { nextPath } from '../domain/next-path.ts'
import { Failure } from '../failure.ts'
import { setSessionCookie } from '../session-cookie.ts'
import { signIn } from '../sign-in.ts'
import { mediaType, parseJson } from './json-body.ts'

const username = z.string().min(1).max(64)
const password = z.string().min(1).max(256)
const Credentials = z.strictObject({ username, password })
const LoginForm = z.object({ username, password, next: z.string().optional() })

export function loginRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()

  app.post('/login', async (c) => {
    if (mediaType(c) === 'application/x-www-form-urlencoded') return await answerForm(c)
    const credentials = await parseJson(c, Credentials)
    const { user, cookie } = await signIn(deps, c, credentials)
    setSessionCookie(c, deps.env, cookie)
    const { id, username, role } = user
    const must_change = user.mustChange === 1
    return c.json({ user: { id, username, role }, must_change } satisfies SignedIn)
  })

  /** A form is answered with places to go, as there may be no script to show anything else. */
  async function answerForm(c: AppContext): Promise<Response> {
    const fields = Object.fromEntries(new URLSearchParams(await c.req.text()))
    const form = LoginForm.safeParse(fields)
    if (!form.success) return c.redirect('/login#failed', 303)
    try {
      const { user, cookie } = await signIn(deps, c, form.data)
      setSessionCookie(c, deps.env, cookie)
      // Any other page would show nothing but refusals.
      const place = user.mustChange === 1 ? '/login#must-change' : nextPath(form.data.next)
      return c.redirect(place, 303)
    } catch (error) {
      const isWrong = error instanceof Failure && error.code === 'invalid_credentials'
      if (!isWrong) throw error
      return c.redirect('/login#failed', 303)
    }
  }

  return app
}
