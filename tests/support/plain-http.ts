/** Requests without TLS. */

import { type IncomingHttpHeaders, request } from 'node:http'

export interface PlainAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface PlainRequest {
  /** A port of 127.0.0.1, or the path of a unix socket. */
  readonly to: number | string
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

const TIMEOUT_MS = 10_000

/** Sends the request and returns the whole answer. */
export function plainHttp({ to, path, method, headers, body }: PlainRequest): Promise<PlainAnswer> {
  const where = typeof to === 'number' ? { host: '127.0.0.1', port: to } : { socketPath: to }
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { ...where, path, method: method ?? 'GET', headers: { ...headers }, timeout: TIMEOUT_MS },
      async (response) => {
        const text = (await response.setEncoding('utf8').toArray()).join('')
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
      },
    )
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer from ${path}`)))
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}
