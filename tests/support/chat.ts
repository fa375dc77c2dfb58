/** Chatting as a page does. */

import type { IncomingMessage } from 'node:http'
import type { ChatRequest } from '#contract/chat-events.ts'
import { readEvents, type StreamEvent } from './chat-stream.ts'
import type { Client } from './client.ts'

type Options = Omit<ChatRequest, 'message' | 'stream'>

/** A streamed answer that is being read. */
export interface Chat {
  /** Also the id of the generation. */
  readonly id: string
  readonly response: IncomingMessage
  readonly events: AsyncGenerator<StreamEvent>
}

/** Sends a message and returns as soon as the answer has begun. @throws if it is refused */
export async function startChat(
  client: Client,
  message: string,
  options: Options = {},
): Promise<Chat> {
  const response = await client.open('/api/chat', { body: { message, ...options } })
  if (response.statusCode !== 200) {
    const text = (await response.toArray()).join('')
    throw new Error(`the chat answered ${response.statusCode}: ${text}`)
  }
  return { id: idOf(response), response, events: readEvents(response) }
}

/** Sends a message and returns the whole answer's events. */
export async function wholeChat(
  client: Client,
  message: string,
  options: Options = {},
): Promise<{ readonly id: string; readonly events: readonly StreamEvent[] }> {
  const { id, events } = await startChat(client, message, options)
  return { id, events: await rest(events) }
}

/** Reads on until the events so far are enough, and returns them; the stream stays open. */
export async function readUntil(
  events: AsyncGenerator<StreamEvent>,
  isEnough: (event: StreamEvent, all: readonly StreamEvent[]) => boolean,
): Promise<readonly StreamEvent[]> {
  const seen: StreamEvent[] = []
  while (true) {
    const { value, done } = await events.next()
    if (done) throw new Error(`the stream ended too early: ${JSON.stringify(seen)}`)
    seen.push(value)
    if (isEnough(value, seen)) return seen
  }
}

/** Reads the first piece of content and returns the events up to it; the stream stays open. */
export function readFirstContent(events: AsyncGenerator<StreamEvent>) {
  return readUntil(events, ({ event }) => event === 'content')
}

/** Returns the events that are still to come. */
export async function rest(events: AsyncGenerator<StreamEvent>): Promise<readonly StreamEvent[]> {
  const seen: StreamEvent[] = []
  for await (const event of events) seen.push(event)
  return seen
}

/** Returns the one event of a kind. @throws if there is none, or more than one */
export function only(events: readonly StreamEvent[], kind: string): StreamEvent {
  const [first, ...more] = events.filter(({ event }) => event === kind)
  if (first === undefined || more.length > 0) {
    throw new Error(`expected one ${kind} event: ${JSON.stringify(events)}`)
  }
  return first
}

function idOf(response: IncomingMessage): string {
  return String(response.headers['x-request-id'])
}
