/** One kept-alive connection of the open loop, with one request at a time on it. */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const HEAD_END = Buffer.from('\r\n\r\n')
const LENGTH = 'content-length: '

/** Told when an answer is whole: which request it belongs to, and its status. */
type Answered = (request: number, status: number) => void

export class OpenLoopConnection {
  readonly #socket: Socket
  readonly #answered: Answered
  #request = -1
  #received: Buffer | undefined

  constructor(port: number, answered: Answered) {
    this.#answered = answered
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.#socket.on('data', (chunk) => this.#take(chunk))
    // The request stays unanswered, and is counted as such.
    this.#socket.on('error', () => undefined)
  }

  /** Resolves once requests can be sent. */
  async opened(): Promise<void> {
    await once(this.#socket, 'connect')
  }

  /** Sends a request; the connection must be idle. */
  send(request: number, bytes: Buffer): void {
    this.#request = request
    this.#socket.write(bytes)
  }

  #take(chunk: Buffer): void {
    const bytes = this.#received === undefined ? chunk : Buffer.concat([this.#received, chunk])
    if (!isWhole(bytes)) {
      this.#received = bytes
      return
    }
    this.#received = undefined
    this.#answered(this.#request, Number(bytes.toString('latin1', 9, 12)))
  }
}

function isWhole(bytes: Buffer): boolean {
  const end = bytes.indexOf(HEAD_END)
  if (end < 0) return false
  const head = bytes.toString('latin1', 0, end).toLowerCase()
  const at = head.indexOf(LENGTH)
  // Only answers with a length come here; anything else stays unanswered and is counted as wrong.
  return (
    at >= 0 &&
    bytes.length >= end + HEAD_END.length + Number.parseInt(head.slice(at + LENGTH.length), 10)
  )
}
