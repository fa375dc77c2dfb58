/** Starts services, watches them, starts again what fell, and stops all of them in order. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Layout } from './layout.ts'
import { entryOf, killGroup, removeProcessTable, writeProcessTable } from './process-table.ts'
import type { Service } from './service.ts'
import { StartFailure } from './start-failure.ts'

const RESTART_MIN_MS = 250
const RESTART_MAX_MS = 10_000
/** A service that ran this long is trusted again: the next restart comes at once. */
const SETTLED_MS = 30_000

interface Running {
  readonly service: Service
  child: ChildProcess
  startedAt: number
  restartDelayMs: number
}

export class Supervisor {
  readonly #layout: Layout
  readonly #url: string
  readonly #say: (message: string) => void
  readonly #running = new Map<string, Running>()
  readonly #stopping = new AbortController()

  constructor(layout: Layout, url: string, say: (message: string) => void) {
    this.#layout = layout
    this.#url = url
    this.#say = say
  }

  /**
   * Starts the service and resolves when it is ready.
   * @throws {StartFailure} with the end of its log if it ends before that
   */
  async start(service: Service): Promise<void> {
    const running: Running = {
      service,
      child: await this.#spawn(service),
      startedAt: Date.now(),
      restartDelayMs: RESTART_MIN_MS,
    }
    this.#running.set(service.name, running)
    this.#record()
    const ended = new AbortController()
    const onExit = () => ended.abort(new Error('it ended'))
    running.child.once('exit', onExit)
    try {
      await service.ready(AbortSignal.any([ended.signal, this.#stopping.signal]))
      this.#stopping.signal.throwIfAborted()
    } catch (error) {
      await end(running)
      if (this.#stopping.signal.aborted) throw new StartFailure('The start was interrupted.')
      const reason = error instanceof Error ? error.message : String(error)
      throw new StartFailure(
        `${service.name} did not become ready (${reason}). The end of ${this.#log(service)}:\n${await this.#tail(service)}`,
      )
    }
    running.child.off('exit', onExit)
    this.#watch(running)
  }

  /** Sends a signal to a running service; one that ends by it is started again. */
  signal(name: string, signal: NodeJS.Signals): void {
    this.#running.get(name)?.child.kill(signal)
  }

  /** Stops everything, the last started first. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the stack is being stopped'))
    for (const running of [...this.#running.values()].reverse()) await end(running)
    removeProcessTable(this.#layout.processes)
  }

  async #spawn(service: Service): Promise<ChildProcess> {
    const { file, args, env, cwd } = await service.command()
    const log = await open(this.#log(service), 'a', 0o600)
    try {
      // A process group of its own: Ctrl-C reaches the supervisor only, which stops in order.
      const child = spawn(file, args, {
        cwd: cwd ?? this.#layout.data,
        env,
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      })
      await once(child, 'spawn')
      return child
    } finally {
      await log.close()
    }
  }

  #watch(running: Running): void {
    const onExit = async (code: number | null, signal: string | null) => {
      if (this.#stopping.signal.aborted) return
      const { service } = running
      // nginx's workers outlive a killed master, and the next one could not have its ports.
      killGroup(running.child.pid)
      if (Date.now() - running.startedAt > SETTLED_MS) running.restartDelayMs = RESTART_MIN_MS
      this.#say(`${service.name} ended (${signal ?? `code ${code}`}); starting it again`)
      await this.#startAgain(running)
    }
    const { child } = running
    if (child.exitCode !== null || child.signalCode !== null) {
      void onExit(child.exitCode, child.signalCode)
    } else {
      child.once('exit', onExit)
    }
  }

  /** Tries until it succeeds: what keeps a service from starting may be mended while it waits. */
  async #startAgain(running: Running): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await delay(running.restartDelayMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      running.restartDelayMs = Math.min(running.restartDelayMs * 2, RESTART_MAX_MS)
      try {
        running.child = await this.#spawn(running.service)
        running.startedAt = Date.now()
        if (signal.aborted) return await end(running)
        this.#record()
        this.#watch(running)
        return
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        this.#say(`${running.service.name} cannot be started: ${reason}`)
      }
    }
  }

  #record(): void {
    const services = [...this.#running].flatMap(([name, { child, service }]) =>
      child.pid === undefined
        ? []
        : [[name, { ...entryOf(child.pid), stopSignal: service.stopSignal }] as const],
    )
    writeProcessTable(this.#layout.processes, {
      supervisor: entryOf(process.pid),
      url: this.#url,
      services: Object.fromEntries(services),
    })
  }

  #log(service: Service): string {
    return join(this.#layout.logs, `${service.name}.log`)
  }

  async #tail(service: Service): Promise<string> {
    const file = await open(this.#log(service), 'r')
    try {
      const { size } = await file.stat()
      const length = Math.min(size, 4096)
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length)
      return buffer.toString('utf8').split('\n').slice(-15).join('\n')
    } finally {
      await file.close()
    }
  }
}

/** Ends the service's process: by its own signal, and by SIGKILL once its time is up. */
async function end({ service, child }: Running): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(service.stopSignal)
  const timer = setTimeout(() => child.kill('SIGKILL'), service.stopTimeoutMs)
  await exited
  clearTimeout(timer)
  killGroup(child.pid)
}
