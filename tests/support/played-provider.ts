/** A provider whose every byte a test decides, in place of the stand-in. */

import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before } from 'node:test'
import type { Plan } from '../../scripts/stack/plan.ts'
import { signedIn } from './accounts.ts'
import { forgetKeys, newAccount, putKey, useOnly } from './keys.ts'

export interface PlayedCall {
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly response: ServerResponse
}

export const EVENT_STREAM = { 'Content-Type': 'text/event-stream; charset=utf-8' }

type Play = (call: PlayedCall) => Promise<void> | void

export interface PlayedProvider {
  /** Runs `work` while all calls of the stack's models go to this provider, which plays them so. */
  during(plan: Plan, play: Play, work: () => Promise<void>): Promise<void>
}

/** Makes the provider for a test file. */
export function playedProvider(): PlayedProvider {
  let current: Play = ({ response }) => void response.writeHead(500).end()
  const server = createServer(async (request, response) => {
    if (request.method !== 'POST') return void response.writeHead(404).end()
    const pieces = await request.toArray()
    await current({ headers: request.headers, body: Buffer.concat(pieces), response })
  })
  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    async during(plan, play, work) {
      const { client } = await signedIn(plan, 'admin')
      const alias = newAccount()
      const { port } = server.address() as AddressInfo
      current = play
      try {
        const base_url = `http://127.0.0.1:${port}`
        await putKey(client, { api_key: `sk-${alias}`, alias, base_url })
        await useOnly(plan, client, alias)
        await work()
      } finally {
        await forgetKeys(plan, client)
      }
    },
  }
}
