/** The bridge by its socket, as nginx's http side sees it, with bytes that no text can hold. */

import { Agent, type IncomingHttpHeaders, request } from 'node:http'

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface RawBridge {
  /** Sends a pipeline of so many commands on the one connection and returns the answer. */
  ask(pipeline: Buffer, commands?: number): Promise<RawAnswer>
  close(): void
}

const TIMEOUT_MS = 10_000

/** Returns a client that keeps one connection to the bridge at this socket. */
export function rawBridge(socketPath: string): RawBridge {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    ask(pipeline, commands = 1) {
      const path = commands === 1 ? '/_redis' : `/_redis?${commands}`
      const headers = { 'Content-Length': pipeline.length }
      return new Promise((resolve, reject) => {
        const outgoing = request(
          { socketPath, path, method: 'POST', agent, headers, timeout: TIMEOUT_MS },
          async (response) => {
            try {
              const body = Buffer.concat(await response.toArray())
              resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
            } catch (error) {
              reject(error)
            }
          },
        )
        outgoing.once('timeout', () => outgoing.destroy(new Error('no answer from the bridge')))
        outgoing.once('error', reject)
        outgoing.end(pipeline)
      })
    },
    close: () => agent.destroy(),
  }
}
