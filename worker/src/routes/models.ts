/** GET /api/models: what a person can choose from. */

import { Hono } from 'hono'
import { z } from 'zod'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { ChatModel } from './chat-schema.ts'
import { type OperationSpec, operation, serve } from './operation.ts'

const listModels = operation({
  id: 'listModels',
  method: 'get',
  path: '/api/models',
  tag: 'Chat',
  summary: 'Lists the models that a person can choose from.',
  access: 'user',
  answers: {
    200: {
      description: 'One of them is the default.',
      schema: z.strictObject({ models: z.array(ChatModel) }),
    },
  },
})

export const MODEL_OPERATIONS: readonly OperationSpec[] = [listModels]

export function modelRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()

  serve(app, listModels, async (c) => c.json({ models: await deps.models.list() }))

  return app
}
