/** POST /login, from a script (JSON) or a plain form. */

import { Hono } from 'hono'
import { z } from 'zod'
import type * as Contract from '#contract/api.ts'
import type { App, AppContext, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { nextPath } from '../domain/next-path.ts'
import { Failure } from '../failure.ts'
import { setSessionCookie } from '../session-cookie.ts'
import { signIn } from '../sign-in.ts'
import { SignedIn } from './me-schema.ts'
import { type OperationSpec, operation, serve } from './operation.ts'

const username = z.string().min(1).max(64)
const password = z.string().min(1).max(256)
const Credentials = z.strictObject({ username, password })
const LoginForm = z.object({ username, password, next: z.string().optional() })

const signInByPassword = operation({
  id: 'signIn',
  method: 'post',
  path: '/login',
  tag: 'Signing in',
  summary: 'Begins a session and sets its cookie.',
  description:
    'The answer is the same, in the same time, for an unknown name, a wrong password and a disabled account.',
  access: 'open',
  // A form may be sent to the very address of its page, which has `?next=`.
  query: z.looseObject({}),
  body: Credentials,
  form: LoginForm,
  answers: {
    200: {
      description: 'Signed in, for a JSON body.',
      schema: SignedIn,
      headers: { 'Set-Cookie': 'The session.' },
    },
    303: {
      description: 'For a form, whether it signed in or not.',
      headers: { Location: 'The page to go to.' },
    },
  },
  problems: ['invalid_credentials'],
})

export const LOGIN_OPERATIONS: readonly OperationSpec[] = [signInByPassword]

export function loginRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()

  serve(app, signInByPassword, async (c, { body: credentials }) => {
    if (credentials === undefined) return await answerForm(c)
    const { user, cookie } = await signIn(deps, c, credentials)
    setSessionCookie(c, deps.env, cookie)
    const { id, username, role } = user
    const must_change = user.mustChange === 1
    return c.json({ user: { id, username, role }, must_change } satisfies Contract.SignedIn)
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
