/** A man in the middle before Redis, who can hold, cut and split what Redis answers. */

import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Takes a piece of a reply; what it hands to `send` goes on to nginx. */
export type Meddle = (bytes: Buffer, send: (bytes: Buffer) => void, nginx: Socket) => void

export interface RedisProxy {
  /** As it stands after `server` in an upstream block of nginx. */
  readonly address: string
  /** Connections open now. */
  readonly open: number
  /** Connections since the start. */
  readonly accepted: number
  /** Does this with every piece of a reply from now on. */
  meddle(how: Meddle): void
  close(): Promise<void>
}

/** Hands on everything. */
export const pass: Meddle = (bytes, send) => send(bytes)

/** Hands on one byte after the other. */
export const splitBytes: Meddle = (bytes, send) => {
  for (const byte of bytes) send(Buffer.of(byte))
}

/** Returns a way to keep everything back, and what sends it after all. */
export function holdBack(): { readonly hold: Meddle; release(): void } {
  const held: (() => void)[] = []
  return {
    hold: (bytes, send) => void held.push(() => send(bytes)),
    release: () => {
      for (const send of held.splice(0)) send()
    },
  }
}

/** Returns a way to hand on so many bytes of the next reply and then break off; the rest passes. */
export function cutOnce(bytes: number): Meddle {
  let done = false
  return (piece, send, nginx) => {
    if (done) return send(piece)
    done = true
    send(piece.subarray(0, bytes))
    nginx.end()
  }
}

/** Starts a proxy before the Redis at this socket. */
export async function startRedisProxy(target: string): Promise<RedisProxy> {
  return startProxy((nginx, how) => {
    const redis = connect(target)
    redis.setNoDelay(true)
    nginx.pipe(redis)
    redis.on('data', (bytes) => how()(bytes, (part) => void nginx.write(part), nginx))
    redis.on('error', () => nginx.destroy())
    redis.on('close', () => nginx.end())
    nginx.on('close', () => redis.destroy())
  })
}

/** Starts something in Redis' place that answers each piece it reads with what `answer` returns. */
export async function startFakeRedis(answer: (bytes: Buffer) => string): Promise<RedisProxy> {
  return startProxy((nginx) => {
    nginx.on('data', (bytes) => nginx.write(answer(bytes)))
  })
}

async function startProxy(serve: (nginx: Socket, how: () => Meddle) => void): Promise<RedisProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'chatgate-proxy-'))
  const path = join(folder, 'proxy.sock')
  const sockets = new Set<Socket>()
  let how = pass
  let accepted = 0
  const server: Server = createServer((nginx) => {
    accepted += 1
    sockets.add(nginx)
    nginx.on('error', () => undefined)
    nginx.on('close', () => sockets.delete(nginx))
    serve(nginx, () => how)
  })
  server.listen(path)
  await once(server, 'listening')
  return {
    address: `unix:${path}`,
    get open() {
      return sockets.size
    },
    get accepted() {
      return accepted
    },
    meddle(next) {
      how = next
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
