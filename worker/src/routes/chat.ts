/** POST /api/chat, and stopping or resuming the answer to it. */

import { Hono } from 'hono'
import type { ChatAnswer, ChatRequest } from '#contract/chat-events.ts'
import type { App, AppContext, AppEnv } from '../context.ts'
import type { Deps } from '../deps.ts'
import { ANSWER_START, isPosition, parsePosition } from '../domain/answer.ts'
import { promptRoom } from '../domain/conversation-context.ts'
import type { Generation, GenerationPorts } from '../domain/generation.ts'
import { costOf, type PriceBook } from '../domain/price.ts'
import { usageView } from '../domain/turn.ts'
import { userTag } from '../domain/user-tag.ts'
import { beginReserved } from '../reserved-turn.ts'
import { answerFrames } from './answer-frames.ts'
import { chatOperations } from './chat-operations.ts'
import { eventStream } from './event-stream.ts'
import { serve } from './operation.ts'
import { wrongField } from './wrong-field.ts'

export function chatRoutes(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  const { generations } = deps
  const { chat, stopAnswer, readAnswer } = chatOperations(deps.env.limits)

  serve(app, chat, async (c, { who, body }) => {
    const generation = await begin(c, who.uid, body)
    if (body.stream === false) return c.json(await wholeAnswer(generation))
    return eventStream((signal) => answerFrames(generation, ANSWER_START, c.var.lang, signal))
  })

  serve(app, stopAnswer, async (c, { who, params }) => {
    await deps.answers.stop(who.uid, params.generation_id)
    return c.body(null, 204)
  })

  serve(app, readAnswer, async (c, { who, params }) => {
    const gone = new AbortController()
    const { live, mayBeAhead } = await deps.answers.find(who.uid, params.generation_id, gone.signal)
    const id = c.req.header('Last-Event-ID')
    const from = id === undefined ? ANSWER_START : parsePosition(id)
    if (from === undefined || !isPosition(live.answer, from, mayBeAhead)) {
      gone.abort()
      throw wrongField(c, 'Last-Event-ID', NO_POSITION)
    }
    return eventStream((signal) => answerFrames(live, from, c.var.lang, signal), gone)
  })

  /** Once the turn is stored the call runs, whatever becomes of this request. */
  async function begin(c: AppContext, uid: string, body: ChatRequest): Promise<Generation> {
    deps.running.assertOpen()
    const book = await deps.prices.book()
    const model = await modelOf(c, body, book)
    const key = await deps.keys.pick()
    const turn = await beginReserved(deps, {
      requestId: c.var.requestId,
      uid,
      message: body.message,
      conversationId: body.conversation_id,
      parentId: body.parent_id,
      room: promptRoom(deps.models.window(book.aliases.get(model) ?? model)),
      apiKeyId: key.id,
      call: {
        model,
        thinking: body.thinking ?? false,
        effort: body.effort ?? 'high',
        user: userTag(deps.env.workerSecret, uid),
      },
    })
    const price: GenerationPorts['price'] = (answered, startedAt, tokens) =>
      costOf(book, answered, startedAt, tokens)
    const generation = generations.start(turn, key, price, c.var.slot)
    // From here on the running answer has it.
    c.set('slot', undefined)
    return generation
  }

  async function modelOf(c: AppContext, body: ChatRequest, book: PriceBook): Promise<string> {
    if (body.model === undefined) return deps.models.defaultId()
    const isOffered = await deps.models.has(book.aliases.get(body.model) ?? body.model)
    if (!isOffered) throw wrongField(c, 'model', UNKNOWN_MODEL)
    return body.model
  }

  return app
}

/** Returns the answer when it is whole. @throws {Failure} why it did not become so */
async function wholeAnswer({ turn, ended }: Generation): Promise<ChatAnswer> {
  const { result, failure } = await ended
  if (failure !== undefined) throw failure
  return {
    generation_id: turn.id,
    conversation_id: turn.conversationId,
    user_message_id: turn.userMessageId,
    message_id: turn.messageId,
    content: result.content,
    reasoning: result.reasoning,
    finish_reason: result.finishReason,
    usage: usageView(turn, result),
  }
}

const UNKNOWN_MODEL = { en: 'There is no such model.', 'zh-CN': '没有这个模型。' }
const NO_POSITION = {
  en: 'This is no position in this answer.',
  'zh-CN': '该回答中没有这个位置。',
}
