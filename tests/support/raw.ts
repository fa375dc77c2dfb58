/** Bytes over TLS as a test wrote them, for what no HTTP client would send. */

import { readFileSync } from 'node:fs'
import { connect } from 'node:tls'
import type { Plan } from '../../scripts/stack/plan.ts'

const TIMEOUT_MS = 10_000

/** Sends the bytes and returns all that came back until the server closed the connection. */
export function rawExchange(plan: Plan, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(
      {
        host: '127.0.0.1',
        port: plan.settings.httpsPort,
        servername: 'localhost',
        ca: readFileSync(`${plan.layout.tls}/fullchain.crt`),
      },
      () => socket.write(bytes),
    )
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no end of the answer')))
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.once('error', reject)
    socket.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
  })
}
