/** Requests as the gate sends them to the worker, for what the gate itself would not let through. */

import { randomBytes } from 'node:crypto'
import { type IncomingMessage, request } from 'node:http'
import { GATE_HEADERS } from '#contract/headers.ts'
import type { Role } from '#contract/session.ts'
import type { Plan } from '../../scripts/stack/plan.ts'

export interface GateRequest {
  readonly path: string
  readonly method?: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** Who the gate says is asking. */
  readonly identity?: {
    readonly uid: string
    readonly role?: Role
    /** SHA-256 (hex) of the session token. */
    readonly session?: string
  }
  readonly headers?: Readonly<Record<string, string>>
  /** 32 hex digits; made if not given. */
  readonly requestId?: string
}

export interface GateAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

const TIMEOUT_MS = 10_000

/** Sends the request and returns the answer as soon as its headers are there. */
export function openAsGate(plan: Plan, asked: GateRequest): Promise<IncomingMessage> {
  const { path, method, body, identity, headers, requestId } = asked
  const payload = body === undefined ? undefined : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        socketPath: plan.layout.sockets.worker,
        path,
        method: method ?? (payload === undefined ? 'GET' : 'POST'),
        timeout: TIMEOUT_MS,
        headers: {
          Host: 'localhost',
          'X-Request-Id': requestId ?? randomBytes(16).toString('hex'),
          [GATE_HEADERS.secret]: plan.gate.workerSecret,
          ...(identity !== undefined && {
            [GATE_HEADERS.user]: identity.uid,
            [GATE_HEADERS.role]: identity.role ?? 'user',
            [GATE_HEADERS.session]: identity.session ?? 'ab'.repeat(32),
          }),
          ...(payload !== undefined && { 'Content-Type': 'application/json' }),
          ...headers,
        },
      },
      resolve,
    )
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer from ${path}`)))
    outgoing.once('error', reject)
    outgoing.end(payload)
  })
}

/** Sends the request and returns the whole answer. */
export async function askAsGate(plan: Plan, asked: GateRequest): Promise<GateAnswer> {
  const response = await openAsGate(plan, asked)
  const text = (await response.setEncoding('utf8').toArray()).join('')
  return { status: response.statusCode ?? 0, headers: response.headers, text }
}
