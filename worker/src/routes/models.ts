/** GET /api/models: what a person can choose from. */

import { Hono } from 'hono'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { requireUser } from '../guards.ts'

export function modelRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()

  app.get('/api/models', async (c) => {
    requireUser(c)
    return c.json({ models: await deps.models.list() })
  })

  return app
}
