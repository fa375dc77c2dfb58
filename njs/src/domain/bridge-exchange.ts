/**
 * One connection of the bridge: requests of nginx's http side on one end, Redis on the other, one
 * exchange after the other. With the first request it signs in to Redis.
 */

import { RequestReader, soleRequestBody } from './bridge-request.ts'
import { isSoleBulk, ReplyCounter } from './reply-counter.ts'
import { type Command, encodeCommands } from './resp-encode.ts'
import { concat, INCOMPLETE, ReplyScanner } from './resp-frame.ts'

/** Errors of a Redis that cannot do what the gate asks, until it is another or has changed. */
const LEAVING = /^(?:READONLY|LOADING|MASTERDOWN)\b/

/** `alone`: in flight is one command that came by the short way; its reply may take it too. */
type State = 'new' | 'idle' | 'alone' | 'busy' | 'closing'

const ENCODER = new TextEncoder()
const EMPTY = new Uint8Array(0)

export class BridgeExchange {
  /** HTTP head of the last answer. */
  head = ''
  /** What Redis said to the signing in if it refused it. */
  refusal: string | undefined
  #state: State = 'new'
  #prelude: Uint8Array | undefined
  #greeting: ReplyScanner | undefined
  #request: RequestReader | undefined
  #replies: ReplyCounter | undefined

  /** @param prelude commands that are sent before the first request */
  constructor(prelude: readonly Command[]) {
    if (prelude.length === 0) return
    this.#prelude = encodeCommands(prelude)
    this.#greeting = new ReplyScanner(prelude.length)
  }

  /**
   * Takes bytes of the http side. Returns what to send to Redis, if anything.
   * @throws {RangeError} if they are no request, or one while another is in flight
   */
  request(chunk: Uint8Array): Uint8Array | undefined {
    if (this.#state === 'idle') {
      const body = soleRequestBody(chunk)
      if (body !== undefined) {
        this.#state = 'alone'
        return body
      }
    }
    return chunk.length === 0 ? undefined : this.#readRequest(chunk)
  }

  /**
   * Takes bytes of Redis. Returns the body of the answer once it is whole; its head is in `head`.
   * @throws {RespSyntaxError} if they are no RESP2
   * @throws {RangeError} if nothing was asked, or they are more than was asked for
   */
  reply(chunk: Uint8Array): Uint8Array | undefined {
    if (this.#state === 'alone' && isSoleBulk(chunk)) {
      this.#state = 'idle'
      this.head = okHead(chunk.length)
      return chunk
    }
    return chunk.length === 0 ? undefined : this.#readReply(chunk)
  }

  #readRequest(chunk: Uint8Array): Uint8Array | undefined {
    if (this.#state === 'idle' || this.#state === 'new') {
      this.#state = 'busy'
      this.#request = new RequestReader()
    }
    const reader = this.#request
    // Has come by the short way, or is answered for good.
    if (reader === undefined) throw new RangeError('a request while another is in flight')
    const part = reader.push(chunk)
    if (reader.commands === undefined) return undefined
    this.#replies ??= new ReplyCounter(reader.commands)
    const prelude = this.#prelude
    this.#prelude = undefined
    const bytes = prelude === undefined ? part : concat(prelude, part)
    return bytes.length === 0 ? undefined : bytes
  }

  #readReply(chunk: Uint8Array): Uint8Array | undefined {
    // What a Redis still says that has been given up; the http side is about to leave.
    if (this.#state === 'closing') return undefined
    if (this.#state === 'alone') {
      this.#state = 'busy'
      this.#replies = new ReplyCounter(1)
    }
    if (this.#replies === undefined) {
      throw new RangeError(
        `Redis speaks unasked: ${String.fromCharCode(...chunk.subarray(0, 100))}`,
      )
    }
    const rest = this.#greeting === undefined ? chunk : this.#readGreeting(this.#greeting, chunk)
    if (this.refusal !== undefined) {
      return this.#answer(ENCODER.encode(`${this.refusal}\n`), '502 Bad Gateway', true)
    }
    const body = rest.length === 0 ? undefined : this.#replies.push(rest)
    if (body === undefined) return undefined
    if (this.#request?.isWhole === false) throw new RangeError('replies before the end of the body')
    const leaves = this.#replies.errors.some((error) => LEAVING.test(error))
    return this.#answer(body, '200 OK', leaves)
  }

  /** Returns what follows the replies to the prelude. */
  #readGreeting(greeting: ReplyScanner, chunk: Uint8Array): Uint8Array {
    const end = greeting.scan(chunk)
    if (end === INCOMPLETE) return EMPTY
    this.#greeting = undefined
    this.refusal = greeting.errors[0]
    return chunk.subarray(end)
  }

  /** With Connection: close the http side ends the connection, and nginx ends Redis' with it. */
  #answer(body: Uint8Array, status: string, close: boolean): Uint8Array {
    this.#state = close ? 'closing' : 'idle'
    this.#request = undefined
    this.#replies = undefined
    this.head = close ? closingHead(status, body.length) : okHead(body.length)
    return body
  }
}

const KEPT_HEADS = 256
const okHeads = new Array<string>(KEPT_HEADS).fill('')

function okHead(length: number): string {
  const kept = okHeads[length]
  if (kept) return kept
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`
  if (length < KEPT_HEADS) okHeads[length] = head
  return head
}

function closingHead(status: string, length: number): string {
  return `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`
}
