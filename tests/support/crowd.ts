/** Many people who chat at the same time. */

import type { Plan } from '../../scripts/stack/plan.ts'
import { signedIn } from './accounts.ts'
import type { KnownCall } from './books.ts'
import { type Chat, startChat } from './chat.ts'
import type { StreamEvent } from './chat-stream.ts'
import type { Client } from './client.ts'
import type { ScriptedAnswer } from './scripted-answer.ts'

/** For stacks on which a few people run a hundred answers. */
export const CROWDED: Readonly<Record<string, string>> = {
  GATE_LIMIT_CHAT: '"chat";q=2000;w=60',
  GATE_LIMIT_STREAMS: '500',
  GATE_LIMIT_LOGIN: '"login";q=1000;w=60',
  GATE_FLOOD: 'off',
}

/** A chat that is read to its end by itself. */
export interface FollowedChat extends KnownCall {
  /** The events so far. */
  readonly events: readonly StreamEvent[]
  /** Resolves with how it ended: by its last event, or cut without one. */
  readonly over: Promise<StreamEvent | 'cut'>
  /** Asks for its end, as its owner does. */
  stop(): Promise<void>
  /** Closes the connection, as somebody who goes away. */
  leave(): void
}

/** Returns so many people who are signed in. */
export async function makePeople(plan: Plan, count: number): Promise<readonly Client[]> {
  const people = await Promise.all(Array.from({ length: count }, () => signedIn(plan)))
  return people.map(({ client }) => client)
}

/** Asks for each answer, by one after the other of the people, and follows all of them. */
export async function followAll(
  people: readonly Client[],
  answers: readonly ScriptedAnswer[],
): Promise<readonly FollowedChat[]> {
  const chats: FollowedChat[] = []
  async function start(answer: ScriptedAnswer, client: Client | undefined): Promise<void> {
    if (client === undefined) throw new Error('nobody is there')
    const { message, thinking } = answer
    chats.push(follow(client, await startChat(client, message, { thinking }), answer))
  }
  // One after the other for each of the people: a busy machine would take a while for all at once.
  await Promise.all(
    people.map(async (client, person) => {
      const own = answers.filter((_, index) => index % people.length === person)
      for (const answer of own) await start(answer, client)
    }),
  )
  return chats
}

function follow(
  client: Client,
  { id, events, response }: Chat,
  answer: ScriptedAnswer,
): FollowedChat {
  const seen: StreamEvent[] = []
  async function read(): Promise<StreamEvent | 'cut'> {
    try {
      for await (const event of events) seen.push(event)
    } catch {
      return 'cut'
    }
    return seen.at(-1) ?? 'cut'
  }
  return {
    ...{ id, answer, events: seen, over: read() },
    async stop() {
      const { status, text } = await client.send(`/api/chat/${id}/stop`, { method: 'POST' })
      if (status !== 204) throw new Error(`the stop answered ${status}: ${text}`)
    },
    leave: () => void response.destroy(),
  }
}

/** Resolves when every chat has shown some of its answer. */
export async function allBegun(chats: readonly FollowedChat[]): Promise<void> {
  const isDelta = ({ event }: StreamEvent) => event === 'content' || event === 'reasoning'
  while (chats.some(({ events }) => !events.some(isDelta))) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
