/** The DeepSeek API, or anything that speaks its dialect of the OpenAI chat completions API. */

import type { IncomingMessage } from 'node:http'
import type {
  Accepted,
  ChatCall,
  ForwardCall,
  ForwardEvent,
  UpstreamEvent,
} from '../domain/upstream-event.ts'
import type { UpstreamKey } from '../domain/upstream-key.ts'
import { readChatStream } from './chat-stream.ts'
import { readForwardedBody } from './forwarded-body.ts'
import { readForwardedStream } from './forwarded-stream.ts'
import { createHttpClient } from './http-client.ts'
import type { StreamLimits } from './stream-watch.ts'
import { failureOfAnswer, withoutKey } from './upstream-error.ts'

export interface Upstream {
  /**
   * Runs a call and yields what it tells. Always streamed, because only a stream shows whether the
   * provider is still at work. Aborting the signal closes the connection at once.
   * @throws {Failure} with an upstream_* code
   */
  chat(key: UpstreamKey, call: ChatCall, signal: AbortSignal): AsyncIterable<UpstreamEvent>
  /**
   * Runs a call as its program wrote it, streamed or not, and yields its answer as it is. Aborting as
   * above. @throws {Failure} with an upstream_* code
   */
  forward(key: UpstreamKey, call: ForwardCall, signal: AbortSignal): AsyncIterable<ForwardEvent>
  /** Returns the JSON text of the provider's list of models. @throws {Failure} upstream_* */
  models(key: UpstreamKey, signal: AbortSignal): Promise<string>
  /** Returns the JSON text of what the account has left. @throws {Failure} upstream_* */
  balance(key: UpstreamKey, signal: AbortSignal): Promise<string>
  close(): void
}

const EVENT_STREAM = 'text/event-stream'
const JSON_TYPE = 'application/json'

/** An error page or model list is read up to this many bytes. */
const MAX_BODY_BYTES = 256 * 1024
const BODY_MS = 5000

/** Where the provider's own id of a call may stand; DeepSeek sends the first. */
const TRACE_HEADERS = ['x-ds-trace-id', 'x-request-id', 'x-deepseek-request-id']

/** Returns a client with its own pool of connections; `close` ends the idle and the running ones. */
export function createDeepSeek(limits: StreamLimits): Upstream {
  const http = createHttpClient()
  const wholeMs = limits.firstPayloadMs + limits.answerMs

  async function get(key: UpstreamKey, path: string, signal: AbortSignal): Promise<string> {
    const headers = headersFor(key, JSON_TYPE)
    const url = key.baseUrl + path
    const response = await http.open({ method: 'GET', url, headers, signal })
    if (response.statusCode !== 200) throw await failureOf(response, key)
    return readText(response)
  }

  /** Returns the answer once it has begun. @throws {Failure} if it is none of this type */
  async function post(
    key: UpstreamKey,
    { requestId, body, type }: { requestId: string; body: string; type: string },
    signal: AbortSignal,
    headersMs?: number,
  ): Promise<IncomingMessage> {
    const response = await http.open({
      method: 'POST',
      url: `${key.baseUrl}/chat/completions`,
      headers: {
        ...headersFor(key, type),
        'Content-Type': 'application/json',
        'X-Request-Id': requestId,
      },
      body,
      ...(headersMs !== undefined && { headersMs }),
      signal,
    })
    const [given = ''] = (response.headers['content-type'] ?? '').split(';')
    if (response.statusCode === 200 && given.trim().toLowerCase() === type) return response
    throw await failureOf(response, key)
  }

  return {
    async *chat(key, call, signal) {
      const { requestId } = call
      const body = JSON.stringify(requestBody(call))
      const response = await post(key, { requestId, body, type: EVENT_STREAM }, signal)
      yield accepted(response, key)
      for await (const chunk of readChatStream(response, limits)) yield { kind: 'chunk', ...chunk }
    },

    async *forward(key, { requestId, body, stream, wantsUsage }, signal) {
      if (stream) {
        const response = await post(key, { requestId, body, type: EVENT_STREAM }, signal)
        yield accepted(response, key)
        yield* readForwardedStream(response, limits, wantsUsage)
      } else {
        // Nothing is heard of an answer that is not streamed until it is whole, headers included.
        const until = performance.now() + wholeMs
        const response = await post(key, { requestId, body, type: JSON_TYPE }, signal, wholeMs)
        yield accepted(response, key)
        yield* readForwardedBody(response, Math.max(1, until - performance.now()))
      }
    },

    models: (key, signal) => get(key, '/models', signal),
    balance: (key, signal) => get(key, '/user/balance', signal),
    close: () => http.close(),
  }
}

async function failureOf(response: IncomingMessage, { secret }: UpstreamKey): Promise<unknown> {
  const text = await readText(response)
  const retryAfter = response.headers['retry-after']
  return withoutKey(failureOfAnswer(response.statusCode ?? 0, text, retryAfter), secret)
}

function accepted(response: IncomingMessage, key: UpstreamKey): Accepted {
  return { kind: 'accepted', traceId: traceIdOf(response), keyId: key.id }
}

function headersFor(key: UpstreamKey, accept: string): Record<string, string> {
  return { Authorization: `Bearer ${key.secret}`, Accept: accept, 'User-Agent': 'chatgate' }
}

/** Thinking is on by default at DeepSeek, so it is always said. */
function requestBody(call: ChatCall): Record<string, unknown> {
  return {
    model: call.model,
    messages: call.messages,
    stream: true,
    stream_options: { include_usage: true },
    thinking: { type: call.thinking ? 'enabled' : 'disabled' },
    ...(call.thinking && { reasoning_effort: call.effort }),
    ...(call.maxTokens !== undefined && { max_tokens: call.maxTokens }),
    user_id: call.user,
  }
}

function traceIdOf(response: IncomingMessage): string | null {
  for (const name of TRACE_HEADERS) {
    const value = response.headers[name]
    if (typeof value === 'string' && /^[\w-]{1,64}$/.test(value)) return value
  }
  return null
}

/** Returns what came of a short body within its limits; a cut one is good enough for an error. */
async function readText(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let bytes = 0
  const timer = setTimeout(() => response.destroy(), BODY_MS)
  try {
    for await (const piece of response) {
      bytes += piece.length
      if (bytes > MAX_BODY_BYTES) break
      pieces.push(piece)
    }
  } catch {
    // The status says enough.
  } finally {
    clearTimeout(timer)
  }
  return Buffer.concat(pieces).toString('utf8')
}
