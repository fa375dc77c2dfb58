/** /v1/models: what programs can choose from, in OpenAI's shape. */

import { Hono } from 'hono'
import { z } from 'zod'
import type { ChatModel } from '#contract/api.ts'
import type * as Contract from '#contract/program-api.ts'
import type { App, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { type OperationSpec, operation, serve } from './operation.ts'

/** Unix seconds. Clients want a number here; the provider does not say when a model was made. */
const CREATED = 0

const Model = z
  .strictObject({
    id: z.string(),
    object: z.literal('model'),
    created: z.int().meta({ description: 'Always 0: nobody says when.' }),
    owned_by: z.string(),
  })
  .meta({ id: 'ProgramModel' }) satisfies z.ZodType<Contract.ProgramModel>

const ModelList = z.strictObject({
  object: z.literal('list'),
  data: z.array(Model),
}) satisfies z.ZodType<Contract.ProgramModelList>

const listModels = operation({
  id: 'listProgramModels',
  method: 'get',
  path: '/v1/models',
  tag: 'Programs',
  summary: 'Lists the models that can be asked for.',
  access: 'program',
  answers: { 200: { description: 'All of them.', schema: ModelList } },
})

const showModel = operation({
  id: 'showProgramModel',
  method: 'get',
  path: '/v1/models/{model}',
  tag: 'Programs',
  summary: 'Shows one model, by its name or another that it goes by.',
  access: 'program',
  params: z.strictObject({ model: z.string().max(100) }),
  missing: 'model_not_found',
  answers: { 200: { description: 'The model under its own name.', schema: Model } },
  problems: ['model_not_found'],
})

/** What GET /v1/models and GET /v1/models/{model} are. */
export const V1_MODEL_OPERATIONS: readonly OperationSpec[] = [listModels, showModel]

export function v1ModelRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()

  serve(app, listModels, async (c) => {
    const models = await deps.models.list()
    return c.json({ object: 'list', data: models.map(view) } satisfies Contract.ProgramModelList)
  })

  serve(app, showModel, async (c, { params }) => {
    const { aliases } = await deps.prices.book()
    const id = aliases.get(params.model) ?? params.model
    const model = (await deps.models.list()).find((each) => each.id === id)
    if (model === undefined) throw new Failure('model_not_found')
    return c.json(view(model))
  })

  return app
}

function view({ id }: ChatModel): Contract.ProgramModel {
  return { id, object: 'model', created: CREATED, owned_by: 'deepseek' }
}
