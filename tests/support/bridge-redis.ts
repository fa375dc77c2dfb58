/** A Redis of a test's own, configured by the test, that can be frozen, killed and started again. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { SERVER_PACKAGES } from '../../scripts/root/packages.ts'
import { ensurePrivateRoot } from '../../scripts/root/private-root.ts'
import { commandSettings } from '../../scripts/stack/command-settings.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'

const READY_MS = 10_000
const PASSWORD = 'probe'

export interface OwnRedis {
  /** As it stands after `server` in an upstream block of nginx. */
  readonly address: string
  readonly socket: string
  /** Password of the user `default`, by whom the test itself asks. */
  readonly password: string
  /** Sends one command on a connection of the test's own. */
  ask(...command: readonly string[]): Promise<unknown>
  /** Starts it, again if it was killed; resolves when it answers. */
  start(): Promise<void>
  kill(): Promise<void>
  freeze(): void
  thaw(): void
  remove(): Promise<void>
}

/** Starts a Redis with these lines of configuration beside its socket and password. */
export async function startRedis(lines: readonly string[] = []): Promise<OwnRedis> {
  const { cache, suite } = commandSettings()
  const root = await ensurePrivateRoot(cache, suite, SERVER_PACKAGES, () => undefined)
  const folder = await mkdtemp(join(tmpdir(), 'chatgate-redis-'))
  const socket = join(folder, 'redis.sock')
  const config = join(folder, 'redis.conf')
  const own = [
    'port 0',
    `unixsocket ${socket}`,
    `requirepass ${PASSWORD}`,
    'save ""',
    `dir ${folder}`,
  ]
  await writeFile(config, [...own, ...lines, ''].join('\n'))
  let child: ChildProcess

  const ask = async ([name = '', ...args]: readonly string[]) => {
    const redis = new Redis({
      path: socket,
      password: PASSWORD,
      protocol: 2,
      lazyConnect: true,
      retryStrategy: () => null,
    })
    redis.on('error', () => undefined)
    try {
      await redis.connect()
      return await redis.call(name, ...args)
    } finally {
      redis.disconnect()
    }
  }
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  const redis: OwnRedis = {
    address: `unix:${socket}`,
    socket,
    password: PASSWORD,
    ask: (...command) => ask(command),
    async start() {
      const { file, args } = root.command('usr/bin/redis-server', [config])
      child = spawn(file, args, { stdio: 'ignore' })
      await waitFor(() => ask(['PING']), READY_MS)
    },
    kill: end,
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    async remove() {
      await end()
      await rm(folder, { recursive: true, force: true })
    },
  }
  await redis.start()
  return redis
}

/** One line of CLIENT LIST by its fields. */
export type ClientLine = Readonly<Record<string, string>>

/** Returns the connections of the bridge, as Redis sees them. */
export async function bridgeClients(redis: OwnRedis): Promise<readonly ClientLine[]> {
  const list = String(await redis.ask('CLIENT', 'LIST'))
  return list
    .split('\n')
    .map((line) => Object.fromEntries(line.split(' ').map((field) => field.split(/=(.*)/s))))
    .filter((fields) => fields['name'] === 'chatgate-gate')
}
