/** Programs that a benchmark starts: on which processor they run, what they cost, how they end. */

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Command } from '../../scripts/stack/service.ts'
import { cpuUsOf, ownBytesOf, withChildren } from './process-cost.ts'

const run = promisify(execFile)

/** Processors as `taskset -c` takes them. */
export interface Cpus {
  readonly all: string
  /** One, for the nginx that is measured. */
  readonly gate: string
  /** The others, for the load, the upstream and Redis; the same one on a machine that has no other. */
  readonly load: string
}

/** Returns how the processors that this process may use are shared out. */
export function shareCpus(): Cpus {
  const status = readFileSync('/proc/self/status', 'utf8')
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '0'
  const all = list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
  const [gate = 0, ...rest] = all
  return { all: list, gate: String(gate), load: rest.length > 0 ? rest.join(',') : String(gate) }
}

/** What was started and has not been stopped, the newest last. */
const running = new Set<Program>()

/** Stops whatever is still running, the newest first. */
export async function stopPrograms(): Promise<void> {
  for (const program of [...running].reverse()) await program.stop()
}

/** A running program with all its child processes. */
export class Program {
  readonly #child: ChildProcess
  readonly #stopSignal: NodeJS.Signals

  private constructor(child: ChildProcess, stopSignal: NodeJS.Signals) {
    this.#child = child
    this.#stopSignal = stopSignal
  }

  /**
   * Starts a program.
   * @param log file that takes what it prints
   * @param cpus processors as `taskset -c` takes them; undefined for all
   */
  static async start(
    { file, args, env, cwd }: Command,
    log: string,
    cpus: string | undefined,
    stopSignal: NodeJS.Signals = 'SIGTERM',
  ): Promise<Program> {
    const output = await open(log, 'a', 0o600)
    const words = cpus === undefined ? [file, ...args] : ['taskset', '-c', cpus, file, ...args]
    const [program = '', ...rest] = words
    const child = spawn(program, rest, {
      env,
      cwd,
      // Ctrl-C reaches the benchmark only, which stops everything in order.
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
    })
    await once(child, 'spawn')
    await output.close()
    const started = new Program(child, stopSignal)
    running.add(started)
    return started
  }

  /** Process numbers: the program's own first, then its children's. */
  pids(): readonly number[] {
    const { pid } = this.#child
    if (pid === undefined || this.#child.exitCode !== null) return []
    return withChildren(pid)
  }

  /** Processor time spent so far, user and system, of all its processes, µs. */
  cpuUs(): number {
    return cpuUsOf(this.pids())
  }

  /** Resident memory of its processes' own, bytes. */
  ownBytes(): number {
    return ownBytesOf(this.pids())
  }

  /** Moves all its processes to other processors. */
  async moveTo(cpus: string): Promise<void> {
    for (const pid of this.pids()) await run('taskset', ['-a', '-c', '-p', cpus, String(pid)])
  }

  async stop(): Promise<void> {
    running.delete(this)
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill(this.#stopSignal)
    await exited
  }
}
