/** Who sends hostile requests: allowed to, with things of their own that ids may name. */

import { setTimeout } from 'node:timers/promises'
import type { Plan } from '../../scripts/stack/plan.ts'
import { signedIn } from './accounts.ts'
import { type Answer, Client } from './client.ts'
import { takeTurn } from './conversations.ts'
import type { HostileRequest } from './hostile-requests.ts'
import type { Operation } from './openapi.ts'
import { makeToken } from './program.ts'
import type { KnownTexts } from './schema-values.ts'
import { sessionOf } from './session.ts'

/** Longer than any answer may take, ms; a stream only has to begin. */
const PATIENCE_MS = 10_000

export interface FuzzVisitor {
  readonly known: KnownTexts
  /** Returns the whole answer; a stream is stopped. @throws if none comes in time */
  send(request: HostileRequest): Promise<Answer>
  /** False once what was accepted has signed them out, or taken their role. */
  isWelcome(): Promise<boolean>
  close(): void
}

/** Returns somebody who may use the operation. */
export async function fuzzVisitor(plan: Plan, { security }: Operation): Promise<FuzzVisitor> {
  const [way = {}] = security
  const role = way['session']?.includes('admin') === true ? 'admin' : 'user'
  const { client, account } = await signedIn(plan, role)
  const turn = await takeTurn(client, { message: 'standin: delay=0 text=hello' })
  const { id: tokenId, token } = await makeToken(client)
  const session = sessionOf(plan, client).hash
  const ids = [turn.conversation, turn.question, turn.answer, tokenId, account.id, '999999999']
  const sender = 'session' in way ? client : new Client(plan)
  const bearer = 'token' in way ? { Authorization: `Bearer ${token}` } : {}

  return {
    known: (pattern) => {
      if (pattern === '\\S') return ['standin: delay=0 text=hello']
      if (pattern.includes('[1-9]\\d{0,18}')) return ids
      if (pattern.includes('{32}')) return [turn.id, '0'.repeat(32)]
      return pattern.includes('{64}') ? [session, '0'.repeat(64)] : []
    },
    async send(request) {
      const { method, address, body } = request
      const headers = { ...bearer, ...request.headers }
      const what = `${method} ${address.slice(0, 200)}`
      const response = await inTime(what, sender.open(address, { method, headers, body }))
      const id = String(response.headers['x-request-id'])
      if (/event-stream/.test(String(response.headers['content-type']))) {
        await client.send(`/api/chat/${id}/stop`, { method: 'POST' })
      }
      const text = (await inTime(what, response.setEncoding('utf8').toArray())).join('')
      const status = response.statusCode ?? 0
      return { status, headers: response.headers, text, json: () => JSON.parse(text) }
    },
    async isWelcome() {
      const me = await client.send('/api/me')
      return me.status === 200 && me.json<{ role: string }>().role === role
    },
    close() {
      client.close()
      sender.close()
    },
  }
}

async function inTime<T>(what: string, promise: Promise<T>): Promise<T> {
  const late = new AbortController()
  const patience = setTimeout(PATIENCE_MS, undefined, { signal: late.signal })
  try {
    return await Promise.race([
      promise,
      patience.then(() => Promise.reject(new Error(`no answer in time: ${what}`))),
    ])
  } finally {
    late.abort()
    await patience.catch(() => undefined)
  }
}
