/** How the client's requests travel: HTTP/1.1 without TLS, or HTTP/2 over TLS. */

import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect } from 'node:tls'
import type { Way } from './client-task.ts'
import { headerBlock } from './http2-frames.ts'
import { Http2Wire } from './http2-wire.ts'

/** The way of one stream's requests, which come one after the other. */
export interface Wire {
  /**
   * Sends the request; resolves with the status when the answer has ended.
   * @param onData is given the body as it comes
   */
  ask(onData: (chunk: Buffer) => void): Promise<number>
  close(): void
}

/** Returns the wires of so many streams. */
export function openWires(way: Way, count: number): readonly Wire[] {
  const open = way.http === 'tls' ? secureWires(way) : plainWires(way)
  return Array.from({ length: count }, (_, index) => open(index))
}

function plainWires({ port, path, headers, body }: Way): () => Wire {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
  const options = { host: '127.0.0.1', port, path, agent, method: 'POST' }
  const all = { ...headers, 'Content-Length': String(Buffer.byteLength(body)) }
  return () => ({
    ask: (onData) =>
      new Promise((resolve, reject) => {
        const sent = request({ ...options, headers: all }, (response) => {
          response.on('data', onData)
          response.once('end', () => resolve(response.statusCode ?? 0))
          response.once('error', reject)
        })
        sent.once('error', reject)
        sent.end(body)
      }),
    close: () => agent.destroy(),
  })
}

/** Each stream is a person with an address and a connection of their own. */
function secureWires({
  port,
  path,
  ca = '',
  headers,
  cookies,
  body,
}: Way): (index: number) => Wire {
  const trusted = readFileSync(ca)
  const options = { host: '127.0.0.1', servername: 'localhost', port, ca: trusted }
  return (index) => {
    const localAddress = `127.8.${index >> 8}.${index & 255}`
    const cookie = cookies[index % cookies.length] ?? ''
    const block = headerBlock('POST', path, `localhost:${port}`, { ...headers, cookie })
    const open = () => connect({ ...options, localAddress, ALPNProtocols: ['h2'] })
    return new Http2Wire(open, block, Buffer.from(body))
  }
}
