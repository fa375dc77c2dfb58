/**
 * HTTP to the provider, on node:http(s) and not on fetch: fetch has fixed limits of 300 s between
 * bytes and no separate one for connecting.
 */

import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { Failure } from '../failure.ts'

/** Milliseconds until the connection (TLS included) stands. */
const CONNECT_MS = 5000
/** Milliseconds from the request until the answer's headers; queueing happens after them. */
const HEADERS_MS = 30_000
/** An idle connection is closed after this, before the provider's side does it. */
const IDLE_CONNECTION_MS = 15_000

export interface HttpCall {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Longest wait for the answer's headers, ms; default HEADERS_MS. */
  readonly headersMs?: number
  /** Ends the call at any time, also while its answer is read. */
  readonly signal: AbortSignal
}

export interface HttpClient {
  /**
   * Returns the answer once its headers are there, whatever its status; redirects are not followed,
   * so that a key never travels on.
   * @throws {Failure} upstream_unavailable (cut; NotSent: refused, unknown host, TLS), upstream_timeout
   */
  open(call: HttpCall): Promise<IncomingMessage>
  close(): void
}

/** Returns a client with its own pool of connections. */
export function createHttpClient(): HttpClient {
  const options = { keepAlive: true, timeout: IDLE_CONNECTION_MS }
  const plain = new HttpAgent(options)
  const secure = new HttpsAgent(options)

  function send(call: HttpCall): Promise<IncomingMessage> {
    const isSecure = call.url.startsWith('https:')
    const { promise, resolve, reject } = deferred<IncomingMessage>()
    const request = (isSecure ? requestHttps : requestHttp)(call.url, {
      agent: isSecure ? secure : plain,
      method: call.method,
      headers: { ...call.headers, 'Accept-Encoding': 'identity' },
    })
    const giveUp = (failure: Failure) => () => request.destroy(failure)
    const headersTimer = setTimeout(giveUp(timeout('no headers')), call.headersMs ?? HEADERS_MS)
    let connectTimer: NodeJS.Timeout | undefined
    let isConnected = false
    const onConnected = () => {
      isConnected = true
      clearTimeout(connectTimer)
    }
    request.on('socket', (socket) => {
      if (!socket.connecting) return onConnected()
      connectTimer = setTimeout(giveUp(notSent(new Error('no connection'))), CONNECT_MS)
      socket.once(isSecure ? 'secureConnect' : 'connect', onConnected)
    })
    let response: IncomingMessage | undefined
    // Not the option `signal`, nor destroying a request whose answer is complete: its connection goes
    // back to the pool just then, and in Node 20 the error of such an abort is nobody's to catch.
    const onAbort = () => {
      if (response === undefined) request.destroy(unavailable(new Error('call ended by us')))
      else if (!response.complete) response.destroy()
    }
    if (call.signal.aborted) onAbort()
    call.signal.addEventListener('abort', onAbort, { once: true })
    request.once('close', () => call.signal.removeEventListener('abort', onAbort))
    request.on('response', (message) => {
      response = message
      resolve(message)
    })
    // Stays after the answer: a late error of the connection is reported by the answer's stream.
    request.on('error', (error) => {
      reject(isConnected ? failureOf(error, request.reusedSocket) : failureBefore(error))
    })
    request.end(call.body)
    return promise.finally(() => {
      clearTimeout(headersTimer)
      clearTimeout(connectTimer)
    })
  }

  return {
    async open(call) {
      try {
        return await send(call)
      } catch (error) {
        // The provider closed an idle connection in the moment we used it: it never saw the request.
        if (error instanceof StaleConnection) return await send(call)
        throw error
      }
    },
    close() {
      plain.destroy()
      secure.destroy()
    },
  }
}

class StaleConnection extends Failure {}

/** Nothing of the request has left this machine: it may be sent again, elsewhere or later. */
export class NotSent extends Failure {}

/** Without a connection. */
function failureBefore(error: Error): Failure {
  return error instanceof Failure ? error : notSent(error)
}

function failureOf(error: Error, reusedSocket: boolean): Failure {
  if (error instanceof Failure) return error
  const stale = reusedSocket && 'code' in error && error.code === 'ECONNRESET'
  return stale
    ? new StaleConnection('upstream_unavailable', {}, { cause: error })
    : unavailable(error)
}

function unavailable(cause: Error): Failure {
  return new Failure('upstream_unavailable', {}, { cause })
}

function notSent(cause: Error): NotSent {
  return new NotSent('upstream_unavailable', {}, { cause })
}

function timeout(message: string): Failure {
  return new Failure('upstream_timeout', {}, { cause: new Error(message) })
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue
    reject = onError
  })
  return { promise, resolve, reject }
}
