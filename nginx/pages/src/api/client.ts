/** The one way the pages talk to the server: JSON in and out, a timeout, failures with words. */

import {
  ApiFailure,
  isProblem,
  networkTrouble,
  problemTrouble,
  type Trouble,
  unreadableTrouble,
} from './trouble.ts'

/** Longest wait for an answer, and for the headers of a stream, in ms. */
const ANSWER_TIMEOUT_MS = 10_000
const STREAM_HEADERS_TIMEOUT_MS = 30_000

export interface Api {
  /**
   * Returns the JSON body. Its type is the server's contract: pages and worker are released together.
   * @throws {ApiFailure} on no answer, on an error status and on a body that is not JSON
   */
  get<T>(path: string): Promise<T>
  /** Sends a JSON body and returns the JSON answer. @throws {ApiFailure} as `get` */
  post<T>(path: string, body: unknown): Promise<T>
  /**
   * Sends a JSON body and returns the byte stream of a text/event-stream answer, which has no
   * timeout of its own: the reader watches for silence. @throws {ApiFailure} as `get`
   */
  stream(path: string, body: unknown, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>
}

export interface ApiOptions {
  readonly fetch: typeof fetch
  readonly isOnline: () => boolean
  /** Called when an answer says that nobody is signed in (401). */
  readonly onUnauthenticated?: () => void
}

/** Returns the API client of a page. */
export function createApi({ fetch, isOnline, onUnauthenticated }: ApiOptions): Api {
  async function send(path: string, init: RequestInit): Promise<Response> {
    let response: Response
    try {
      response = await fetch(path, { credentials: 'same-origin', redirect: 'error', ...init })
    } catch (error) {
      throw new ApiFailure(networkTrouble(error, isOnline()))
    }
    if (response.ok) return response
    if (response.status === 401) onUnauthenticated?.()
    throw new ApiFailure(await readTrouble(response))
  }

  async function sendForJson<T>(path: string, init: RequestInit): Promise<T> {
    const response = await send(path, { ...init, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) })
    try {
      const body: T = await response.json()
      return body
    } catch (error) {
      throw new ApiFailure(
        error instanceof SyntaxError
          ? unreadableTrouble(response.status, requestIdOf(response))
          : networkTrouble(error, isOnline()),
      )
    }
  }

  return {
    get: (path) => sendForJson(path, { headers: { Accept: 'application/json' } }),
    post: (path, body) => sendForJson(path, jsonPost(body, 'application/json')),
    async stream(path, body, signal) {
      const headers = new AbortController()
      const stop = () => headers.abort(signal.reason)
      signal.addEventListener('abort', stop)
      const timer = setTimeout(() => {
        headers.abort(new DOMException('no answer', 'TimeoutError'))
      }, STREAM_HEADERS_TIMEOUT_MS)
      try {
        if (signal.aborted) stop()
        const init = jsonPost(body, 'text/event-stream')
        const response = await send(path, { ...init, signal: headers.signal })
        const type = response.headers.get('Content-Type') ?? ''
        if (response.body === null || !type.startsWith('text/event-stream')) {
          throw new ApiFailure(unreadableTrouble(response.status, requestIdOf(response)))
        }
        return response.body
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

function jsonPost(body: unknown, accept: string): RequestInit {
  return {
    method: 'POST',
    headers: { Accept: accept, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  }
}

async function readTrouble(response: Response): Promise<Trouble> {
  const body: unknown = await response.json().catch(() => undefined)
  if (!isProblem(body)) return unreadableTrouble(response.status, requestIdOf(response))
  const trouble = problemTrouble(body)
  const header = Number(response.headers.get('Retry-After') ?? Number.NaN)
  return {
    ...trouble,
    requestId: trouble.requestId ?? requestIdOf(response),
    retryAfter: trouble.retryAfter ?? (Number.isFinite(header) ? header : undefined),
  }
}

function requestIdOf(response: Response): string | undefined {
  return response.headers.get('X-Request-Id') ?? undefined
}
