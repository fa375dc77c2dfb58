/** Reading a streamed answer event by event. */

import type { IncomingMessage } from 'node:http'
import { createParser } from 'eventsource-parser'

export interface StreamEvent {
  readonly event: string
  readonly id: string | undefined
  readonly data: Record<string, unknown>
  /** Milliseconds since the reading began. */
  readonly at: number
}

/** Yields the events of an answer as they arrive. */
export async function* readEvents(response: IncomingMessage): AsyncGenerator<StreamEvent> {
  const began = performance.now()
  const queue: StreamEvent[] = []
  const parser = createParser({
    onEvent: ({ event = 'message', id, data }) => {
      queue.push({ event, id, data: JSON.parse(data), at: performance.now() - began })
    },
  })
  const decoder = new TextDecoder()
  for await (const chunk of response) {
    parser.feed(decoder.decode(chunk, { stream: true }))
    yield* queue.splice(0)
  }
}

/** Returns all events of an answer. */
export async function allEvents(response: IncomingMessage): Promise<readonly StreamEvent[]> {
  const events: StreamEvent[] = []
  for await (const event of readEvents(response)) events.push(event)
  return events
}

/** Returns the text of all events of one kind, joined. */
export function textOf(events: readonly StreamEvent[], kind: 'content' | 'reasoning'): string {
  return events
    .filter(({ event }) => event === kind)
    .map(({ data }) => data['text'])
    .join('')
}
