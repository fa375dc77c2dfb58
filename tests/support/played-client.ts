/** Clients from any address of the world, for stacks that trust 127.0.0.1 as their proxy. */

import type { IncomingMessage } from 'node:http'
import type { Plan } from '../../scripts/stack/plan.ts'
import { type Account, makeAccount } from './accounts.ts'
import { Client, type Send } from './client.ts'

/** With this setting an X-Forwarded-For of ours is believed. */
export const TRUSTING = { GATE_TRUSTED_PROXIES: '127.0.0.1' } as const

export class PlayedClient extends Client {
  /** May be changed between requests: a person who moves. Empty: no header is sent. */
  address: string

  constructor(plan: Plan, address: string) {
    super(plan)
    this.address = address
  }

  override open(path: string, options: Send = {}): Promise<IncomingMessage> {
    const forwarded = this.address === '' ? {} : { 'X-Forwarded-For': this.address }
    return super.open(path, { ...options, headers: { ...forwarded, ...options.headers } })
  }
}

/** Makes an account and returns a client that has signed in to it from the address. */
export async function signedInFrom(
  plan: Plan,
  address: string,
  role: 'user' | 'admin' = 'user',
): Promise<{ readonly client: PlayedClient; readonly account: Account }> {
  const account = await makeAccount(plan, role)
  const client = new PlayedClient(plan, address)
  const answer = await client.signIn(account.username, account.password)
  if (answer.status !== 200) throw new Error(`sign-in answered ${answer.status}: ${answer.text}`)
  return { client, account }
}

let lastHost = 0

/** Returns an IPv4 address (RFC 2544) that nobody in this process has had. */
export function newAddress(): string {
  lastHost += 1
  return `198.18.${lastHost >> 8}.${lastHost & 255}`
}
