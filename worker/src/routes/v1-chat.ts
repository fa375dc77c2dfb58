/** POST /v1/chat/completions: a program's call, passed on to the model and back as it is. */

import { Hono } from 'hono'
import { z } from 'zod'
import type { App, AppContext, AppEnv, Program } from '../context.ts'
import type { Deps } from '../deps.ts'
import { DuplicateMember } from '../domain/json-members.ts'
import { costOf } from '../domain/price.ts'
import { forwardedUser, providerBody } from '../domain/program-body.ts'
import type { ProgramCall } from '../domain/program-call.ts'
import { promptSize } from '../domain/program-prompt.ts'
import { userTag } from '../domain/user-tag.ts'
import { Failure } from '../failure.ts'
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
    // Listened to before anything is waited for: whoever hangs up meanwhile is not answered any more.
    const gone = c.req.raw.signal
    gone.addEventListener('abort', call.leave, { once: true })
    if (gone.aborted) call.leave()
    await call.accepted()
    if (body.stream) return programStream(call, c.var.requestId, c.var.lang)
    return wholeAnswer(call)
  })

  /** From here on the call runs. */
  async function begin(c: AppContext, who: Program, body: ProgramBody): Promise<ProgramCall> {
    const { requestId } = c.var
    const { uid, token } = who
    deps.running.assertOpen()
    const text = await c.req.text()
    const book = await deps.prices.book()
    const model = book.aliases.get(body.model) ?? body.model
    if (!(await deps.models.has(model))) throw new Failure('model_not_found')
    const tag = forwardedUser(userTag(deps.env.workerSecret, uid), body.user_id)
    const stream = body.stream === true
    const written = (maxTokens: number | undefined) =>
      uniquely(c, () => providerBody(text, { model, maxTokens, user: tag, stream }))
    const prompt = promptSize(body, Buffer.byteLength(text), JSON.stringify(body['tools'] ?? ''))
    const wanted = wantedTokens(body)
    // What cannot be sent is refused before anything is reserved for it.
    written(wanted)
    const key = await deps.keys.pick()
    const reservation = await deps.quotas.reserve({
      ...{ requestId, uid, token, model },
      promptBytes: prompt.bytes,
      maxTokens: wanted,
    })
    const begun = {
      ...{ id: requestId, uid, model: body.model },
      promptEstimate: prompt.tokens,
      startedAt: deps.now(),
    }
    try {
      await deps.programUsage.open({
        ...{ requestId, uid, token, apiKeyId: key.id, reservation },
        ...{ model: begun.model, promptEstimate: prompt.tokens, startedAt: begun.startedAt },
      })
    } catch (error) {
      await deps.quotas.release(requestId)
      throw error
    }
    const call = deps.programCalls.start(
      begun,
      {
        ...{ requestId, stream, body: written(reservation.maxTokens) },
        wantsUsage: body.stream_options?.include_usage === true,
      },
      key,
      (answered, startedAt, tokens) => costOf(book, answered, startedAt, tokens),
      c.var.slot,
    )
    // From here on the running call has it.
    c.set('slot', undefined)
    return call
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

function uniquely(c: AppContext, write: () => string): string {
  try {
    return write()
  } catch (error) {
    if (error instanceof DuplicateMember) throw wrongField(c, error.member, TWICE)
    throw error
  }
}

const TWICE = { en: 'This is there twice.', 'zh-CN': '该字段出现了两次。' }
