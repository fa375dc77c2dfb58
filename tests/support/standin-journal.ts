/** What the stand-in recorded of the calls it got. */

import type { Plan } from '../../scripts/stack/plan.ts'
import type { Usage } from '../standin/usage.ts'

export interface RecordedCall {
  readonly ordinal: number
  readonly request_id: string
  /** How the connection ended; null while it runs. */
  readonly ended: string | null
  /** Unix milliseconds. */
  readonly ended_ms: number | null
  readonly headers: Readonly<Record<string, string>>
  readonly body: Record<string, unknown>
  /** What the whole answer uses; null if there is none. */
  readonly usage: Usage | null
  /** True once `usage` was sent. */
  readonly usage_reported: boolean
  readonly tokens_sent: { readonly reasoning: number; readonly content: number }
}

/** Returns the calls that carried this request id. */
export async function recordedCalls(
  plan: Plan,
  requestId: string,
): Promise<readonly RecordedCall[]> {
  return ask(plan, `/__standin/requests?request_id=${requestId}`)
}

/** Returns the call with this request id as soon as its connection has ended. */
export async function awaitEnd(plan: Plan, requestId: string): Promise<RecordedCall> {
  return ask(plan, `/__standin/requests/next-end?request_id=${requestId}&timeout=10000`)
}

async function ask<T>(plan: Plan, path: string): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${plan.settings.standinPort}${path}`)
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
  return response.json() as Promise<T>
}
