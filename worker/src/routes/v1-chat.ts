/** POST /v1/chat/completions: a program's call, passed on to the model and back as it is. */

import { Hono } from 'hono'
import { z } from 'zod'
import type { App, AppContext, AppEnv, Program } from '../context.ts'
import type { Deps } from '../deps.ts'
import { DuplicateMember } from '../domain/json-members.ts'
import type { ProgramCall } from '../domain/program-call.ts'
import { beginProgramCall } from '../program-intake.ts'
import { type OperationSpec, operation, serve } from './operation.ts'
import { programStream } from './program-stream.ts'
import { ProgramBody, wantedTokens } from './v1-chat-request.ts'
import { wrongField } from './wrong-field.ts'

const createCompletion = operation({
  id: 'createChatCompletion',
  method: 'post',
  path: '/v1/chat/completions',
  tag: 'Programs',
  summary: 'Has a model answer, as OpenAI and DeepSeek do.',
  description:
    'The body goes to DeepSeek as it is written, but for `model` (other names of a model), the most tokens, ' +
    '`stream_options.include_usage` and `user_id`; the answer comes back byte for byte. With `stream` ' +
    'it is an event stream of `chat.completion.chunk` objects that ends with `[DONE]`, or with an ' +
    'event whose data is `{"error": …}`.',
  access: 'program',
  body: ProgramBody,
  answers: {
    200: {
      description: 'A `chat.completion` object of DeepSeek; with `stream` text/event-stream.',
      schema: z.looseObject({}),
    },
  },
  problems: ['model_not_found', 'upstream_rejected_request', 'upstream_rate_limited'],
})

/** What POST /v1/chat/completions is. */
export const V1_CHAT_OPERATIONS: readonly OperationSpec[] = [createCompletion]

export function v1ChatRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()

  serve(app, createCompletion, async (c, { who, body }) => {
    const call = await begin(c, who, body)
    // From here on the running call has it.
    c.set('slot', undefined)
    // Whoever hangs up before the answer begins is not answered any more.
    const gone = c.req.raw.signal
    gone.addEventListener('abort', call.leave, { once: true })
    if (gone.aborted) call.leave()
    await call.accepted()
    return body.stream ? programStream(call, c.var.requestId, c.var.lang) : wholeAnswer(call)
  })

  async function begin(c: AppContext, program: Program, body: ProgramBody): Promise<ProgramCall> {
    const { requestId, slot } = c.var
    const text = await c.req.text()
    try {
      return await beginProgramCall(deps, {
        ...{ requestId, program, text, slot },
        prompt: body,
        model: body.model,
        stream: body.stream === true,
        wantsUsage: body.stream_options?.include_usage === true,
        maxTokens: wantedTokens(body),
        userId: body.user_id,
      })
    } catch (error) {
      if (error instanceof DuplicateMember) throw wrongField(c, error.member, TWICE)
      throw error
    }
  }

  return app
}

/** @throws {Failure} why there is no answer */
async function wholeAnswer(call: ProgramCall): Promise<Response> {
  const answer = await call.next()
  // Nobody is there any more to read it, and nginx writes this number down.
  if (answer === undefined) return new Response(null, { status: 499 })
  return new Response(answer, { headers: { 'Content-Type': 'application/json' } })
}

const TWICE = { en: 'This is there twice.', 'zh-CN': '该字段出现了两次。' }
