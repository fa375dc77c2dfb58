/** The two programs of the stack that run on Node: the worker and, without a real key, the stand-in. */

import { createHash } from 'node:crypto'
import { get } from 'node:http'
import { join } from 'node:path'
import { CHECKOUT } from './layout.ts'
import type { Plan } from './plan.ts'
import { waitFor } from './readiness.ts'
import { baseEnvironment, type Command, type Service } from './service.ts'

const READY_MS = 45_000
/** How long a worker may take to end once its running answers have had their grace time. */
const AFTER_GRACE_MS = 10_000
const ASK_TIMEOUT_MS = 1500

/** Returns the worker service; it is ready when it reaches MySQL and Redis. */
export function workerService({ layout, gate, worker, workerSource }: Plan): Service {
  return {
    name: 'worker',
    stopSignal: 'SIGTERM',
    stopTimeoutMs: worker.limits.graceMs + AFTER_GRACE_MS,
    command: async () =>
      nodeCommand('worker/dist/main.js', { NODE_ENV: 'production', ...workerSource }),
    ready: (signal) =>
      waitFor(
        () =>
          ask({
            socketPath: layout.sockets.worker,
            path: '/readyz',
            headers: { 'X-Gate-Secret': gate.workerSecret, 'X-Request-Id': probeId() },
          }),
        READY_MS,
        signal,
      ),
  }
}

/** Returns the stand-in for DeepSeek on a loopback port. */
export function standinService(port: number): Service {
  return {
    name: 'standin',
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 5000,
    command: async () => nodeCommand('tests/standin/dist/main.js', { STANDIN_PORT: String(port) }),
    ready: (signal) =>
      waitFor(() => ask({ host: '127.0.0.1', port, path: '/__standin/health' }), READY_MS, signal),
  }
}

/** @param bundle path in the checkout */
function nodeCommand(bundle: string, env: Readonly<Record<string, string>>): Command {
  return {
    file: process.execPath,
    args: ['--enable-source-maps', join(CHECKOUT, bundle)],
    env: { ...baseEnvironment(), ...env },
    cwd: CHECKOUT,
  }
}

function probeId(): string {
  return createHash('md5').update(`probe ${process.pid}`).digest('hex')
}

function ask(options: {
  readonly host?: string
  readonly port?: number
  readonly socketPath?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
}): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get({ ...options, timeout: ASK_TIMEOUT_MS }, (response) => {
      response.resume()
      if (response.statusCode === 200) resolve()
      else reject(new Error(`${options.path} answered ${response.statusCode}`))
    })
    request.once('timeout', () => request.destroy(new Error(`${options.path} did not answer`)))
    request.once('error', reject)
  })
}
