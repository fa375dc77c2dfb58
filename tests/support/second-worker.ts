/** A second copy of the worker beside the one of a stack, with the same settings. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { workerService } from '../../scripts/stack/node-services.ts'
import type { Plan } from '../../scripts/stack/plan.ts'

const READY_MS = 30_000

export interface SecondWorker {
  /** The stack as it looks with this worker in place of the other. */
  readonly plan: Plan
  /** Sends a signal and resolves when the process is gone. */
  end(signal: NodeJS.Signals): Promise<void>
}

/** Returns a worker that is ready to serve. Its socket and its log are called `worker-copy`. */
export async function startSecondWorker(plan: Plan): Promise<SecondWorker> {
  const worker = join(dirname(plan.layout.sockets.worker), 'worker-copy.sock')
  const own: Plan = {
    ...plan,
    layout: { ...plan.layout, sockets: { ...plan.layout.sockets, worker } },
    workerSource: {
      ...plan.workerSource,
      WORKER_LISTEN: worker,
      WORKER_SPOOL: join(plan.layout.data, 'spool-copy'),
    },
  }
  const service = workerService(own)
  const { file, args, env, cwd } = await service.command()
  const log = openSync(join(plan.layout.logs, 'worker-copy.log'), 'a', 0o600)
  const child = spawn(file, args, { env, cwd, stdio: ['ignore', log, log] })
  closeSync(log)
  await service.ready(AbortSignal.timeout(READY_MS))
  return {
    plan: own,
    async end(signal) {
      if (isOver(child)) return
      const exited = once(child, 'exit')
      child.kill(signal)
      await exited
    },
  }
}

function isOver({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
