/**
 * What requests cost somebody who has a lot: 10 000 conversations, and 10 000 messages in one of them.
 * How many rows MySQL reads for a request is counted, because that is the same at every run; how long
 * it takes is compared as well.
 */

import assert from 'node:assert/strict'
import type { Page } from '#contract/api.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { signedIn } from '../support/accounts.ts'
import type { Client, Send } from '../support/client.ts'
import { CONVERSATIONS, plantConversation, plantEmpty } from '../support/conversations.ts'
import { sqlRows } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const SCRIPT = 'standin: delay=0 text=ok'
const ROUNDS = 15
/** How many times as long as with ten of each a request may take. */
const MOST = 1.5
/** What else runs on the machine makes a ratio worse or better by chance; a real difference stays. */
const ATTEMPTS = 4

/** Somebody with so many conversations, one of which has so many messages. */
interface Owner {
  readonly count: number
  readonly client: Client
  readonly conversation: string
  readonly messages: readonly string[]
  /** Cursors of the second pages. */
  readonly listCursor: string
  readonly messageCursor: string
}

async function ownerOf(plan: Plan, count: number): Promise<Owner> {
  const { client, account } = await signedIn(plan, 'user', 'chat=2000,api=2000')
  await plantEmpty(plan, account, count - 1)
  const texts = Array.from({ length: count }, (_, index) => `${SCRIPT}\nnumber ${index} 消息`)
  const { id, messages } = await plantConversation(plan, account, texts)
  const next = async (path: string) =>
    String((await client.send(`${path}?limit=5`)).json<Page<unknown>>().next)
  return {
    count,
    client,
    conversation: id,
    messages,
    listCursor: await next(CONVERSATIONS),
    messageCursor: await next(`${CONVERSATIONS}/${id}/messages`),
  }
}

/** @param size of a page, as a parameter; empty for the usual one */
type Request = (owner: Owner, size: string) => readonly [path: string, options?: Send]

const one = ({ conversation }: Owner) => `${CONVERSATIONS}/${conversation}`
const chat = (owner: Owner, more: object): Send => ({
  body: { conversation_id: owner.conversation, stream: false, ...more },
})

const REQUESTS: Readonly<Record<string, Request>> = {
  'the list': (_, size) => [`${CONVERSATIONS}?${size}`],
  'its second page': ({ listCursor }, size) => [`${CONVERSATIONS}?cursor=${listCursor}&${size}`],
  'a conversation': (owner) => [one(owner)],
  'its messages': (owner, size) => [`${one(owner)}/messages?${size}`],
  'the messages before': (owner, size) => [
    `${one(owner)}/messages?cursor=${owner.messageCursor}&${size}`,
  ],
  'the messages below the first': (owner, size) => [
    `${one(owner)}/messages?below=${owner.messages[0]}&${size}`,
  ],
  'a new conversation': () => [CONVERSATIONS, { body: { title: 'new' } }],
  'another title': (owner) => [one(owner), { method: 'PATCH', body: { title: 'other' } }],
  'an edited message': (owner) => [
    '/api/chat',
    chat(owner, { message: SCRIPT, parent_id: owner.messages.at(-1) }),
  ],
  'an answer made anew': (owner) => [
    '/api/chat',
    chat(owner, { regenerate: true, parent_id: owner.messages.at(-2) }),
  ],
  // The last, because each makes the conversation longer.
  'a message': (owner) => ['/api/chat', chat(owner, { message: SCRIPT })],
}

/** Sends it and returns how long it took, ms. */
async function timed(owner: Owner, request: Request, size = ''): Promise<number> {
  const [path, options] = request(owner, size)
  const began = performance.now()
  const answer = await owner.client.send(path, options)
  const ms = performance.now() - began
  assert.ok(answer.status < 300, `${path}: ${answer.status} ${answer.text}`)
  return ms
}

/** Returns how many rows MySQL has read since it started, for everybody. */
async function rowsRead(plan: Plan): Promise<number> {
  const rows = await sqlRows(plan, "SHOW GLOBAL STATUS LIKE 'Handler\\_read\\_%'")
  return rows.reduce((sum, row) => sum + Number(row['Value']), 0)
}

/** Returns the rows that a request reads: others read at the same time, so it is the least of many. */
async function rowsOf(plan: Plan, owner: Owner, request: Request): Promise<number> {
  const counts: number[] = []
  for (let round = 0; round < 5; round += 1) {
    const before = await rowsRead(plan)
    await timed(owner, request)
    counts.push((await rowsRead(plan)) - before)
  }
  return Math.min(...counts)
}

/** Returns how long it takes when little else is going on: a quarter of the times are shorter. */
function usual(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 4)] ?? Number.NaN
}

/** Both have as many, so a page costs what finding it costs and not what it holds. */
const SMALL_PAGE = 'limit=5'

/** Returns how many times as long it takes one owner as the other, who take turns. */
async function ratioOf(many: Owner, few: Owner, request: Request): Promise<number> {
  const times: { readonly many: number[]; readonly few: number[] } = { many: [], few: [] }
  for (let round = 0; round < ROUNDS; round += 1) {
    times.few.push(await timed(few, request, SMALL_PAGE))
    times.many.push(await timed(many, request, SMALL_PAGE))
  }
  return usual(times.many) / usual(times.few)
}

stackTest('with ten thousand of each no request costs more than with some', async ({ plan }) => {
  const few = await ownerOf(plan, 10)
  // More than a page and more than the context, so that each request reads all that it ever does.
  const some = await ownerOf(plan, 300)
  const many = await ownerOf(plan, 10_000)
  for (const [name, request] of Object.entries(REQUESTS)) {
    const rows = {
      some: await rowsOf(plan, some, request),
      many: await rowsOf(plan, many, request),
    }
    assert.ok(rows.many <= rows.some * 1.1, `${name} reads rows: ${JSON.stringify(rows)}`)
  }
  for (const [name, request] of Object.entries(REQUESTS)) {
    const ratios: number[] = []
    while (ratios.length < ATTEMPTS && (ratios.at(-1) ?? MOST) >= MOST) {
      ratios.push(await ratioOf(many, few, request))
    }
    assert.ok(Math.min(...ratios) < MOST, `${name} takes ${ratios.join(', ')} times as long`)
  }
})
