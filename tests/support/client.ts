/** A client of the gate over TLS that checks the certificate and keeps cookies. */

import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import type { Plan } from '../../scripts/stack/plan.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The body as JSON. */
  json<T = Record<string, unknown>>(): T
}

export interface Send {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON with the right content type, unless it is text. */
  readonly body?: unknown
}

const TIMEOUT_MS = 15_000

export class Client {
  readonly #agent: Agent
  readonly #port: number
  readonly #from: string | undefined
  readonly cookies = new Map<string, string>()

  /** @param from the address of this machine to call from, such as 127.0.0.2 */
  constructor(plan: Plan, from?: string) {
    const ca = readFileSync(`${plan.layout.tls}/fullchain.crt`)
    this.#agent = new Agent({ ca, keepAlive: true })
    this.#port = plan.settings.httpsPort
    this.#from = from
  }

  /** Sends a request and returns the whole answer. */
  async send(path: string, options: Send = {}): Promise<Answer> {
    const response = await this.open(path, options)
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString('utf8')
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text,
      json: () => JSON.parse(text),
    }
  }

  /** Sends a request and returns the answer as soon as its headers are there. */
  open(path: string, { method, headers = {}, body }: Send = {}): Promise<IncomingMessage> {
    const isText = typeof body === 'string' || Buffer.isBuffer(body)
    const payload = body === undefined ? undefined : isText ? body : JSON.stringify(body)
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: this.#from === undefined ? 'localhost' : '127.0.0.1',
          localAddress: this.#from,
          port: this.#port,
          path,
          agent: this.#agent,
          method: method ?? (payload === undefined ? 'GET' : 'POST'),
          timeout: TIMEOUT_MS,
          headers: {
            ...(cookie !== '' && { Cookie: cookie }),
            // As a browser says of what our own pages send; a test may say otherwise.
            ...(headers['Origin'] === undefined && { 'Sec-Fetch-Site': 'same-origin' }),
            ...(payload !== undefined && {
              'Content-Length': String(Buffer.byteLength(payload)),
              ...(!isText && { 'Content-Type': 'application/json' }),
            }),
            ...headers,
          },
        },
        (response) => {
          this.#keepCookies(response)
          resolve(response)
        },
      )
      outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer from ${path}`)))
      outgoing.once('error', reject)
      outgoing.end(payload)
    })
  }

  /** Signs in; later requests carry the session. */
  async signIn(username: string, password: string): Promise<Answer> {
    return this.send('/login', { body: { username, password } })
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy()
  }

  #keepCookies(response: IncomingMessage): void {
    for (const line of response.headers['set-cookie'] ?? []) {
      const [pair = '', ...attributes] = line.split(';')
      const at = pair.indexOf('=')
      const name = pair.slice(0, at).trim()
      const isGone = attributes.some((attribute) => /^\s*max-age=0\s*$/i.test(attribute))
      if (isGone) this.cookies.delete(name)
      else this.cookies.set(name, pair.slice(at + 1))
    }
  }
}
