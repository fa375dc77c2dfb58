/** GET /v1/models: what programs can choose from, in OpenAI's shape. */

import { Hono } from 'hono'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { requireProgram } from '../guards.ts'

/** Unix seconds. Clients want a number here; the provider does not say when a model was made. */
const CREATED = 0

export function v1ModelRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()

  app.get('/v1/models', async (c) => {
    requireProgram(c)
    const models = await deps.models.list()
    const data = models.map(({ id }) => ({
      id,
      object: 'model',
      created: CREATED,
      owned_by: 'deepseek',
    }))
    return c.json({ object: 'list', data })
  })

  return app
}
