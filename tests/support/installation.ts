/** A copy of Chatgate as an operator runs it: by npm commands, with settings in the environment. */

import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHECKOUT, makeLayout } from '../../scripts/stack/layout.ts'
import { makePlan, type Plan } from '../../scripts/stack/plan.ts'
import {
  isRunning,
  type ProcessEntry,
  readProcessTable,
} from '../../scripts/stack/process-table.ts'
import { testEnvironment } from './own-stack.ts'

/** Longer than any command takes on a slow machine, ms. */
const COMMAND_MS = 120_000

export interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export class Installation {
  readonly data: string
  readonly env: Readonly<Record<string, string>>

  private constructor(data: string, env: Readonly<Record<string, string>>) {
    this.data = data
    this.env = env
  }

  /** Returns an installation with a data folder and ports of its own; nothing runs yet. */
  static async make(settings: Readonly<Record<string, string>> = {}): Promise<Installation> {
    const data = await mkdtemp(join(tmpdir(), 'chatgate-operator-'))
    return new Installation(data, await testEnvironment(data, settings))
  }

  /** Runs `npm run <name> -- <args>`, with `settings` in addition, and returns what it said. */
  run(
    name: string,
    args: readonly string[] = [],
    settings: Readonly<Record<string, string>> = {},
  ): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const child = this.spawn(name, args, settings)
      let [out, err] = ['', '']
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk
      })
      child.stderr.on('data', (chunk: Buffer) => {
        err += chunk
      })
      child.once('error', reject)
      child.once('close', (code) => resolve({ code, out, err }))
    })
  }

  /** Starts the command and returns its process. */
  spawn(
    name: string,
    args: readonly string[] = [],
    settings: Readonly<Record<string, string>> = {},
  ) {
    return spawn(process.execPath, [join(CHECKOUT, 'scripts/run.mjs'), name, ...args], {
      env: { ...this.env, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: COMMAND_MS,
    })
  }

  /** Starts it in the background. @throws with what it said if that fails */
  async start(settings: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    const outcome = await this.run('start', ['--detach'], settings)
    if (outcome.code !== 0) throw new Error(`the start failed: ${outcome.out}${outcome.err}`)
    return outcome
  }

  /** Returns what runs, the supervisor among it; empty if nothing was ever started or all is ended. */
  processes(): Readonly<Record<string, ProcessEntry>> {
    const table = readProcessTable(makeLayout(this.data).processes)
    return table === undefined ? {} : { supervisor: table.supervisor, ...table.services }
  }

  /** Returns the names of the sockets that are there. */
  sockets(): readonly string[] {
    const folder = join(this.data, 'run')
    if (!existsSync(folder)) return []
    return readdirSync(folder).filter((name) => name.endsWith('.sock'))
  }

  plan(): Promise<Plan> {
    return makePlan(this.env)
  }

  /** Ends what runs, however it is, and removes the data folder. */
  async remove(): Promise<void> {
    await this.run('stop')
    for (const entry of Object.values(this.processes())) {
      if (isRunning(entry)) process.kill(entry.pid, 'SIGKILL')
    }
    await rm(this.data, { recursive: true, force: true })
  }
}
