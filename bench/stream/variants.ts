/** The ways by which the same answer comes. */

import type { Plan } from '../../scripts/stack/plan.ts'
import { partOf } from '../../tests/support/processes.ts'
import { API_KEY } from '../support/chatgate.ts'
import { withChildren } from '../support/process-cost.ts'
import type { Way } from './client-task.ts'
import type { World } from './world.ts'

/** Programs of one variant and their processes. */
export type Parts = Readonly<Record<string, () => readonly number[]>>

export interface Variant {
  readonly name: string
  readonly way: (message: string, stream: boolean) => Way
  /** Whose processor time is counted, beside the client's and the upstream's. */
  readonly parts: Parts
}

export const DIRECT = 'direct'
export const STANDIN = 'stand-in'
export const PEER = 'Portkey'
export const OWN = 'Chatgate'

const JSON_TYPE = { 'Content-Type': 'application/json' }
const KEY = { Authorization: `Bearer ${API_KEY}` }
const STACK_PARTS = ['nginx', 'worker', 'redis', 'mysql'] as const

/** Returns the variants. */
export function variantsOf(world: World): readonly Variant[] {
  const { ports, peer, standin, plan } = world
  const parts = STACK_PARTS.map(
    (name) => [name, () => withChildren(partOf(plan, name).pid)] as const,
  )
  return [
    {
      name: DIRECT,
      way: (message, stream) => plain(ports.upstream, '/chat/completions', message, stream),
      parts: {},
    },
    {
      name: STANDIN,
      way: (message, stream) => plain(ports.standin, '/chat/completions', message, stream),
      parts: { standin: () => standin.pids() },
    },
    {
      name: PEER,
      way: (message, stream) =>
        plain(ports.peer, '/v1/chat/completions', message, stream, {
          'x-portkey-provider': 'openai',
          'x-portkey-custom-host': `http://127.0.0.1:${ports.upstream}/v1`,
        }),
      parts: { portkey: () => peer.pids() },
    },
    {
      name: OWN,
      way: (message, stream) => ownWay(plan, world.cookies, message, stream),
      parts: Object.fromEntries(parts),
    },
  ]
}

function plain(
  port: number,
  path: string,
  message: string,
  stream: boolean,
  headers: Readonly<Record<string, string>> = {},
): Way {
  const body = JSON.stringify({
    model: 'deepseek-flash',
    messages: [{ role: 'user', content: message }],
    thinking: { type: 'disabled' },
    stream,
    ...(stream && { stream_options: { include_usage: true } }),
  })
  const all = { ...JSON_TYPE, ...KEY, ...headers }
  return { dialect: 'openai', http: 'plain', port, path, headers: all, cookies: [], body }
}

/** Returns the way of chats of these people. @param cookies `name=value` */
export function ownWay(
  plan: Plan,
  cookies: readonly string[],
  message: string,
  stream: boolean,
): Way {
  const { settings, layout } = plan
  return {
    dialect: 'chat',
    http: 'tls',
    port: settings.httpsPort,
    ca: `${layout.tls}/fullchain.crt`,
    path: '/api/chat',
    headers: { ...JSON_TYPE, 'sec-fetch-site': 'same-origin' },
    cookies,
    body: JSON.stringify({ message, stream }),
  }
}
