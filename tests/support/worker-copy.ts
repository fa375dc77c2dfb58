/** A second copy of a stack's worker, behind the same nginx. */

import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { GATE_HEADERS } from '#contract/headers.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { editNginx } from './nginx-edit.ts'
import { type SecondWorker, startSecondWorker } from './second-worker.ts'

const ASK_MS = 1500

/** Starts the copy and resolves when nginx hands it every second request. */
export async function startWorkerCopy(plan: Plan): Promise<SecondWorker> {
  const copy = await startSecondWorker(plan)
  const socket = copy.plan.layout.sockets.worker
  await editNginx(plan, {
    'rendered/http.conf': (text) =>
      text.replace(
        /(upstream worker \{[^}]*?server [^;]*;)/,
        `$1 server unix:${socket} max_fails=0;`,
      ),
  })
  return copy
}

/** Returns the status of a worker's own readyz. @throws if nobody listens */
export function readiness(plan: Plan, socket: string): Promise<number> {
  const headers = {
    [GATE_HEADERS.secret]: plan.gate.workerSecret,
    'X-Request-Id': randomBytes(16).toString('hex'),
  }
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath: socket, path: '/readyz', headers, timeout: ASK_MS })
    asking.once('response', (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    asking.once('timeout', () => asking.destroy(new Error('no answer')))
    asking.once('error', reject)
    asking.end()
  })
}
