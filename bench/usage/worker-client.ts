/** Requests to the worker as the gate makes them, on connections that are kept. */

import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { GATE_HEADERS } from '#contract/headers.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { wholeAnswer } from './whole-answer.ts'

export interface WorkerClient {
  /** Asks, and resolves when the whole answer is there. @throws {Error} unless it is 200 */
  get(path: string, uid: string, role: 'user' | 'admin'): Promise<void>
  close(): void
}

export function createWorkerClient(plan: Plan): WorkerClient {
  const agent = new Agent({ keepAlive: true })
  return {
    get(path, uid, role) {
      const headers = {
        Host: 'localhost',
        'X-Request-Id': randomBytes(16).toString('hex'),
        [GATE_HEADERS.secret]: plan.gate.workerSecret,
        [GATE_HEADERS.user]: uid,
        [GATE_HEADERS.role]: role,
        [GATE_HEADERS.session]: 'ab'.repeat(32),
      }
      return wholeAnswer(request({ socketPath: plan.layout.sockets.worker, path, agent, headers }))
    },
    close: () => agent.destroy(),
  }
}
