/** A double of the DeepSeek API over real sockets. See README.md for its directives. */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { authenticate, balanceOf, createConcurrencyGuard } from './account.ts'
import { answerHeaders } from './answer-headers.ts'
import { ApiError, errorBody } from './api-error.ts'
import { type ChatDeps, serveChat } from './chat-route.ts'
import { type Exchange, journalHeaders, readBody, sendJson } from './exchange.ts'
import { identify } from './identity.ts'
import { createJournal, type Journal } from './journal.ts'
import { serveJournal } from './journal-routes.ts'
import { modelList } from './models.ts'
import { createOutlet } from './outlet.ts'
import { createPromptCache } from './prompt.ts'

export interface StandinOptions {
  /** Unix milliseconds; default the system's clock. */
  readonly now?: () => number
  /** Requests that a key may run at a time for each model; default the model's own limit. */
  readonly concurrency?: number | undefined
}

export interface Standin {
  /** Starts to listen and returns the port; 0 chooses a free one. Rejects if it cannot be had. */
  listen(port: number, host?: string): Promise<number>
  /** Stops at once: open connections are destroyed. */
  close(): Promise<void>
  readonly requests: Journal
}

/** Longer than any client keeps an idle connection, so the stand-in never closes one in use. */
const KEEP_ALIVE_MS = 120_000

/** `/v1` is the same as no prefix; `/beta` has the same chat endpoint. */
const PREFIX = /^\/(?:v1|beta)(?=\/)/

export function createStandin(options: StandinOptions = {}): Standin {
  const now = options.now ?? Date.now
  const journal = createJournal(now)
  const deps: ChatDeps = {
    now,
    guard: createConcurrencyGuard(options.concurrency),
    cache: createPromptCache(),
  }
  let closing = false

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').replace(/\?.*$/s, '')
    const requestId = request.headers['x-request-id']
    const record = journal.open({
      request_id: typeof requestId === 'string' ? requestId : null,
      method: request.method ?? '',
      path,
      headers: journalHeaders(request.headers),
    })
    const outlet = createOutlet(response, (ending, finished) => {
      journal.close(record, closing && ending === 'client_closed' ? 'shutdown' : ending, finished)
    })
    let { id, traceId } = identify(record.ordinal, '')
    try {
      const body = await readBody(request)
      record.body = recordedBody(body)
      ;({ id, traceId } = identify(record.ordinal, body))
      const exchange = { headers: request.headers, body, traceId, outlet, record }
      await route(deps, exchange, id, `${request.method} ${path.replace(PREFIX, '')}`)
    } catch (error) {
      if (outlet.signal.aborted || request.socket.destroyed) return
      if (!(error instanceof ApiError)) throw error
      outlet.start(error.status, answerHeaders('application/json', traceId))
      record.status = error.status
      outlet.end('error_status', errorBody(error))
    }
  }

  const server = createServer((request, response) => {
    if (!serveJournal(journal, request, response)) void answer(request, response)
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS

  return {
    async listen(port, host = '127.0.0.1') {
      server.listen(port, host)
      await once(server, 'listening')
      const address = server.address()
      return typeof address === 'object' && address !== null ? address.port : port
    },
    async close() {
      closing = true
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
    requests: journal,
  }
}

async function route(
  deps: ChatDeps,
  exchange: Exchange,
  id: string,
  target: string,
): Promise<void> {
  switch (target) {
    case 'POST /chat/completions':
      return serveChat(deps, exchange, id)
    case 'GET /models':
      authenticate(exchange.headers.authorization)
      return sendJson(exchange, modelList())
    case 'GET /user/balance':
      return sendJson(exchange, balanceOf(authenticate(exchange.headers.authorization)))
    default:
      throw new ApiError(404, 'Not Found')
  }
}

function recordedBody(body: string): unknown {
  if (body === '') return null
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}
