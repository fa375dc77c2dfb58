/** People whom the gate knows, each from an address of their own, so that no limit by address is shared. */

import assert from 'node:assert/strict'
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { formatAccessToken, TOKEN_MAC_DIGITS, tokenMacInput } from '#contract/access-token.ts'
import { tokenKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { type Account, makeAccount } from './accounts.ts'
import { type Answer, Client } from './client.ts'
import { withRedis } from './redis.ts'

let addresses = 0

/** Returns a loopback address that nobody in this process has called from. */
export function freshAddress(): string {
  addresses += 1
  return `127.7.${addresses >> 8}.${addresses & 255}`
}

export interface Person {
  readonly client: Client
  readonly account: Account
}

/** Returns somebody who has signed in and whom the gate has not seen since. */
export async function strangerTo(plan: Plan, role: 'user' | 'admin' = 'user'): Promise<Person> {
  const account = await makeAccount(plan, role)
  const client = new Client(plan, freshAddress())
  const answer = await client.signIn(account.username, account.password)
  if (answer.status !== 200) throw new Error(`sign-in answered ${answer.status}: ${answer.text}`)
  return { client, account }
}

/** Returns somebody whose session the gate has just found good. */
export async function knownTo(plan: Plan, role: 'user' | 'admin' = 'user'): Promise<Person> {
  const person = await strangerTo(plan, role)
  const answer = await person.client.send('/api/me')
  if (answer.status !== 200) throw new Error(`GET /api/me answered ${answer.status}`)
  return person
}

/** Returns a new access token of the user, known to Redis alone. */
export async function plantToken(plan: Plan, uid: string): Promise<string> {
  const { token, hash } = mintToken(plan, uid)
  await withRedis(plan, (redis) => redis.hset(tokenKey(uid, hash), { id: '1', expires: '' }))
  return token
}

/** Returns an access token of the user with a right mac, known to nobody. */
export function mintToken(
  plan: Plan,
  uid: string,
): { readonly token: string; readonly hash: string } {
  const secret = randomBytes(20).toString('hex')
  const [key = ''] = plan.gate.tokenSecrets.split(',')
  const whole = createHmac('sha256', key).update(tokenMacInput(uid, secret)).digest('hex')
  return {
    token: formatAccessToken({ uid, secret, mac: whole.slice(0, TOKEN_MAC_DIGITS) }),
    hash: createHash('sha256').update(secret).digest('hex'),
  }
}

/** Sends a short chat that is not streamed. */
export function chat(client: Client): Promise<Answer> {
  const body = { message: 'hello\nstandin: text=hi delay=0', stream: false }
  return client.send('/api/chat', { body })
}

/** Sends so many short chats at once. */
export function chats(client: Client, count: number): Promise<readonly Answer[]> {
  return Promise.all(Array.from({ length: count }, () => chat(client)))
}

/** Uses up the chats of a minute and is refused, which the gate remembers. */
export async function exhaust(client: Client): Promise<void> {
  const statuses: number[] = []
  // One after the other: an answer that is still running would be in the way too.
  for (let count = 0; count < 6; count++) statuses.push((await chat(client)).status)
  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429])
}

/** Returns how many answers there are of each status. */
export function tally(answers: readonly Answer[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

/** What the gate tells of itself where $gate_server_timing is on. */
export interface GateTiming {
  readonly ms: number
  /** What the decision rests on (decision.ts, Source). */
  readonly source: string
}

/** Returns what the gate says about its decision. @throws if it says nothing */
export function timingOf({ headers }: Answer): GateTiming {
  const value = String(headers['server-timing'])
  const [, ms, source] = /^gate;dur=(\d+);desc="(\w+)"$/.exec(value) ?? []
  if (ms === undefined || source === undefined) throw new Error(`Server-Timing: ${value}`)
  return { ms: Number(ms), source }
}
