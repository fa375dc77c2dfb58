/**
 * A server that a test runs itself, outside the stack. The stack's own supervisor starts again what
 * ends; this one is away for as long as the test likes.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SERVER_PACKAGES } from '../../scripts/root/packages.ts'
import { ensurePrivateRoot } from '../../scripts/root/private-root.ts'
import { commandSettings } from '../../scripts/stack/command-settings.ts'
import { type Layout, makeLayout } from '../../scripts/stack/layout.ts'
import { mysqlService } from '../../scripts/stack/mysql.ts'
import { redisService, redisUrl } from '../../scripts/stack/redis.ts'
import { loadSecrets } from '../../scripts/stack/secrets.ts'
import type { Service } from '../../scripts/stack/service.ts'

export interface OutsideServer {
  /** The settings by which a stack uses this server instead of its own. */
  readonly settings: Readonly<Record<string, string>>
  /** Starts it, again if it was killed, and resolves when it answers. */
  start(): Promise<void>
  /** Resolves when it is dead: connections to it are refused from now on. */
  kill(): Promise<void>
  /** Stops it where it is: it accepts connections and answers nothing. */
  freeze(): void
  thaw(): void
  /** Ends it and removes its data. */
  remove(): Promise<void>
}

/** Returns a running Redis. */
export async function outsideRedis(): Promise<OutsideServer> {
  const { root, layout, secrets } = await prepare('redis')
  const server = new Server(layout, redisService(root, layout, secrets), {
    REDIS_URL: redisUrl(layout, secrets),
  })
  await server.start()
  return server
}

/** Returns a running MySQL. */
export async function outsideMysql(): Promise<OutsideServer> {
  const { root, layout, secrets } = await prepare('mysql')
  const account = { user: 'chatgate', password: 'outside', database: 'chatgate' }
  const server = new Server(layout, mysqlService(root, layout, secrets, account), {
    MYSQL_HOST: layout.sockets.mysql,
    MYSQL_USER: account.user,
    MYSQL_PASSWORD: account.password,
    MYSQL_DB: account.database,
  })
  await server.start()
  return server
}

async function prepare(name: string) {
  const { cache, suite } = commandSettings()
  const root = await ensurePrivateRoot(cache, suite, SERVER_PACKAGES, () => undefined)
  const layout = makeLayout(await mkdtemp(join(tmpdir(), `chatgate-${name}-`)))
  return { root, layout, secrets: await loadSecrets(layout.secrets) }
}

class Server implements OutsideServer {
  readonly settings: Readonly<Record<string, string>>
  readonly #layout: Layout
  readonly #service: Service
  #child: ChildProcess | undefined

  constructor(layout: Layout, service: Service, settings: Readonly<Record<string, string>>) {
    this.#layout = layout
    this.#service = service
    this.settings = settings
  }

  async start(): Promise<void> {
    const { file, args, env } = await this.#service.command()
    const log = await open(join(this.#layout.logs, `${this.#service.name}.log`), 'a')
    this.#child = spawn(file, args, {
      env,
      cwd: this.#layout.data,
      stdio: ['ignore', log.fd, log.fd],
    })
    await once(this.#child, 'spawn')
    await log.close()
    await this.#service.ready(new AbortController().signal)
  }

  async kill(): Promise<void> {
    if (this.#child === undefined || this.#child.exitCode !== null) return
    if (this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  async remove(): Promise<void> {
    await this.kill()
    await rm(this.#layout.data, { recursive: true, force: true })
  }
}
