/**
 * HTTP/2 as the client speaks it: on a connection of its own, one request after the other. Node's
 * http2 does the same for several times the processor time, which the measured programs would miss.
 */

import type { Socket } from 'node:net'
import {
  clientPreface,
  FLAG,
  FRAME,
  type Frame,
  frame,
  statusOf,
  takeFrames,
} from './http2-frames.ts'
import type { Wire } from './wire.ts'

/** nginx ends a connection after 1 000 requests; a request that is just being sent would be lost. */
const REQUESTS_PER_CONNECTION = 900

interface Asked {
  readonly stream: number
  readonly onData: (chunk: Buffer) => void
  readonly resolve: (status: number) => void
  readonly reject: (error: Error) => void
  status: number
}

export class Http2Wire implements Wire {
  readonly #open: () => Socket
  readonly #block: Buffer
  readonly #body: Buffer
  #socket: Socket | undefined
  #nextStream = 1
  #rest: Buffer = Buffer.alloc(0)
  #asked: Asked | undefined

  /** @param block the header block of each request, as `headerBlock` makes it */
  constructor(open: () => Socket, block: Buffer, body: Buffer) {
    this.#open = open
    this.#block = block
    this.#body = body
  }

  ask(onData: (chunk: Buffer) => void): Promise<number> {
    return new Promise((resolve, reject) => {
      const socket = this.#connected()
      const stream = this.#nextStream
      this.#nextStream += 2
      this.#asked = { stream, onData, resolve, reject, status: 0 }
      socket.write(
        Buffer.concat([
          frame(FRAME.headers, FLAG.endHeaders, stream, this.#block),
          frame(FRAME.data, FLAG.endStream, stream, this.#body),
        ]),
      )
    })
  }

  close(): void {
    this.#socket?.destroy()
  }

  #connected(): Socket {
    const isWorn = this.#nextStream > 2 * REQUESTS_PER_CONNECTION
    if (this.#socket !== undefined && !this.#socket.destroyed && !isWorn) return this.#socket
    const worn = this.#socket
    const socket = this.#open()
    this.#socket = socket
    worn?.destroy()
    this.#nextStream = 1
    this.#rest = Buffer.alloc(0)
    socket.setNoDelay(true)
    socket.write(clientPreface())
    socket.on('data', (chunk) => {
      const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
      this.#rest = takeFrames(bytes, (taken) => this.#take(socket, taken))
    })
    socket.on('error', (error) => this.#fail(socket, error))
    socket.once('close', () => this.#fail(socket, new Error('the connection was closed')))
    return socket
  }

  #take(socket: Socket, { type, flags, stream, payload }: Frame): void {
    const asked = this.#asked
    const isOurs = asked?.stream === stream
    if (type === FRAME.data && isOurs) {
      if (payload.length > 0) asked.onData(payload)
    } else if (type === FRAME.headers && isOurs) {
      // The second block of an answer would be its trailers.
      asked.status ||= statusOf(payload)
    } else if (type === FRAME.resetStream && isOurs) {
      this.#fail(socket, new Error(`the stream was reset with code ${payload.readUInt32BE()}`))
    } else if (type === FRAME.goAway) {
      // What is under way ends first.
      this.#nextStream = Number.POSITIVE_INFINITY
    } else if ((type === FRAME.settings || type === FRAME.ping) && (flags & FLAG.ack) === 0) {
      socket.write(frame(type, FLAG.ack, 0, type === FRAME.ping ? payload : Buffer.alloc(0)))
    }
    const carriesEnd = type === FRAME.data || type === FRAME.headers
    if (isOurs && carriesEnd && (flags & FLAG.endStream) !== 0) {
      this.#asked = undefined
      asked.resolve(asked.status)
    }
  }

  #fail(socket: Socket, error: Error): void {
    socket.destroy()
    // A worn connection ends when another has taken its place.
    if (socket !== this.#socket) return
    this.#asked?.reject(error)
    this.#asked = undefined
  }
}
