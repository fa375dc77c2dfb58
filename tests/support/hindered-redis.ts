/**
 * A Redis whose replies to the gate arrive late, cut off, held back or not at all, as a test likes: a
 * real one behind a proxy. The worker's connections pass untouched.
 */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { parseRedisUrl } from '../../worker/src/redis-url.ts'
import { type OutsideServer, outsideRedis } from './outside-server.ts'

/** The name that the bridge gives its connections. */
const GATE = 'chatgate-gate'

/** What admit.lua answers, after whatever else came with it. */
const ADMISSION = /(?:^|\r\n)\$\d+\r\n(?:ok |none|miss)/

/** Begins each command that a client sends. */
const COMMAND = /\*\d+\r\n\$\d+\r\n([A-Za-z]+)\r\n/g

/** What a connection begins with; Redis answers it even while it can answer nothing else. */
const PRELUDE = /^(?:AUTH|SELECT|CLIENT|HELLO)$/i

type Trouble =
  | { readonly kind: 'none' }
  | { readonly kind: 'late'; readonly ms: number }
  | { readonly kind: 'cut' }
  | { readonly kind: 'error'; readonly text: string }

/** An answer of Redis that is under way for as long as a test likes. */
export interface HeldAnswer {
  /** Resolves when Redis has given the answer. */
  readonly given: Promise<void>
  /** Lets it arrive. */
  release(): void
}

export class HinderedRedis {
  /** The real one, without the proxy. */
  readonly server: OutsideServer
  readonly #proxy: Server
  readonly #gates = new Set<Socket>()
  #trouble: Trouble = { kind: 'none' }
  /** Takes the next answer of admit.lua. */
  #take: ((send: () => void) => void) | undefined

  private constructor(server: OutsideServer, path: string) {
    this.server = server
    this.#proxy = createServer({ noDelay: true }, (client) => this.#join(client, connect(path)))
  }

  static async start(): Promise<HinderedRedis> {
    const server = await outsideRedis()
    const at = parseRedisUrl(server.settings['REDIS_URL'] ?? '')?.at
    if (at === undefined || !('path' in at)) throw new Error('Redis has no socket')
    const redis = new HinderedRedis(server, at.path)
    redis.#proxy.listen(0, '127.0.0.1')
    await once(redis.#proxy, 'listening')
    return redis
  }

  /** The settings by which a stack uses it. */
  get settings(): Readonly<Record<string, string>> {
    const password = parseRedisUrl(this.server.settings['REDIS_URL'] ?? '')?.password ?? ''
    const { port } = this.#proxy.address() as AddressInfo
    return { REDIS_URL: `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}/0` }
  }

  /** Every reply to the gate is this much late. */
  delay(ms: number): void {
    this.#trouble = { kind: 'late', ms }
  }

  /** Of every reply to the gate the first bytes arrive, then its connection is reset. */
  cut(): void {
    this.#trouble = { kind: 'cut' }
  }

  /** The gate's questions never reach Redis; each is answered with this error. */
  answer(error: string): void {
    this.#trouble = { kind: 'error', text: error }
  }

  /** Ends what one of the three above began. */
  heal(): void {
    // Connections that were answered in Redis' place are not signed in to Redis.
    if (this.#trouble.kind === 'error') for (const gate of this.#gates) gate.destroy()
    this.#trouble = { kind: 'none' }
  }

  /** Keeps back the next answer of admit.lua; the ones after it pass. */
  holdNext(): HeldAnswer {
    let send: (() => void) | undefined
    const given = new Promise<void>((resolve) => {
      this.#take = (sending) => {
        send = sending
        resolve()
      }
    })
    return { given, release: () => send?.() }
  }

  /** Ends proxy and Redis and removes the data. */
  async remove(): Promise<void> {
    this.#proxy.close()
    await this.server.remove()
    for (const gate of this.#gates) gate.destroy()
  }

  #join(client: Socket, redis: Socket): void {
    client.on('data', (data) => {
      if (data.includes(GATE)) this.#gates.add(client)
      const trouble = this.#trouble
      if (trouble.kind === 'error' && this.#gates.has(client)) answerAll(client, data, trouble.text)
      else redis.write(data)
    })
    redis.on('data', (data) => {
      if (this.#gates.has(client)) this.#passOn(client, data)
      else client.write(data)
    })
    const ends: readonly [Socket, Socket][] = [
      [client, redis],
      [redis, client],
    ]
    for (const [one, other] of ends) {
      one.on('error', () => undefined)
      one.on('close', () => {
        this.#gates.delete(client)
        other.destroy()
      })
    }
  }

  #passOn(gate: Socket, data: Buffer): void {
    const trouble = this.#trouble
    const take = this.#take
    if (take !== undefined && ADMISSION.test(data.toString('latin1'))) {
      this.#take = undefined
      take(() => gate.write(data))
    } else if (trouble.kind === 'late') {
      setTimeout(() => gate.write(data), trouble.ms)
    } else if (trouble.kind === 'cut') {
      gate.write(data.subarray(0, 3), () => gate.resetAndDestroy())
    } else {
      gate.write(data)
    }
  }
}

/** Answers every command in the data with the error, except those of the prelude. */
function answerAll(client: Socket, data: Buffer, error: string): void {
  const commands = [...data.toString('latin1').matchAll(COMMAND)]
  const replies = commands.map(([, name = '']) => (PRELUDE.test(name) ? '+OK' : `-${error}`))
  client.write(replies.map((reply) => `${reply}\r\n`).join(''))
}
