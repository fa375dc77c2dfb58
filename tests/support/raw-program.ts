/** A program that reads the very bytes of an answer from its socket. */

import { readFileSync } from 'node:fs'
import { connect, type TLSSocket } from 'node:tls'
import type { Plan } from '../../scripts/stack/plan.ts'
import type { ProgramOwner } from './sdk-clients.ts'

const PATH = '/v1/chat/completions'

export interface RawAnswer {
  readonly socket: TLSSocket
  /** Status line and headers. */
  readonly head: string
  /** Bytes of the body as they arrive, without the framing of HTTP. */
  readonly body: AsyncGenerator<Buffer>
}

/** Sends the body as it is written and returns the answer once its headers are there. */
export async function rawCall(plan: Plan, owner: ProgramOwner, body: string): Promise<RawAnswer> {
  const socket = connect({
    host: '127.0.0.1',
    port: plan.settings.httpsPort,
    servername: 'localhost',
    ca: readFileSync(`${plan.layout.tls}/fullchain.crt`),
  })
  socket.write(
    [
      `POST ${PATH} HTTP/1.1`,
      'Host: localhost',
      `Authorization: Bearer ${owner.token}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
  const reader = createReader(socket)
  const head = (await reader.until('\r\n\r\n')).toString('latin1')
  return { socket, head, body: /chunked/i.test(head) ? chunks(reader) : reader.rest() }
}

export async function wholeBody(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of body) pieces.push(piece)
  return Buffer.concat(pieces)
}

type Reader = ReturnType<typeof createReader>

function createReader(socket: TLSSocket) {
  const pieces = socket.iterator({ destroyOnReturn: false })
  let held: Buffer = Buffer.alloc(0)

  async function more(): Promise<void> {
    const { done, value } = await pieces.next()
    if (done) throw new Error('the connection ended within the answer')
    held = Buffer.concat([held, value])
  }

  async function take(bytes: number): Promise<Buffer> {
    while (held.length < bytes) await more()
    const taken = held.subarray(0, bytes)
    held = held.subarray(bytes)
    return taken
  }

  return {
    take,
    async until(mark: string): Promise<Buffer> {
      while (!held.includes(mark)) await more()
      return take(held.indexOf(mark) + mark.length)
    },
    async *rest(): AsyncGenerator<Buffer> {
      yield held
      yield* pieces
    },
  }
}

async function* chunks(reader: Reader): AsyncGenerator<Buffer> {
  for (;;) {
    const size = Number.parseInt((await reader.until('\r\n')).toString('latin1'), 16)
    if (size === 0) return
    yield await reader.take(size)
    await reader.take(2)
  }
}
