/** One event of a streamed answer, read from its SSE form (contract/chat-events.ts). */

import type { ChatEvents } from '#contract/chat-events.ts'

export type ChatEvent = {
  readonly [Name in keyof ChatEvents]: { readonly name: Name; readonly data: ChatEvents[Name] }
}[keyof ChatEvents]

const NAMES: ReadonlySet<string> = new Set<keyof ChatEvents>([
  'start',
  'reasoning',
  'content',
  'usage',
  'done',
  'error',
])

/**
 * Returns the event, or undefined for one this page does not know: a newer server may send more.
 * @param data JSON, as the server's contract says for this name
 */
export function parseChatEvent(name: string | undefined, data: string): ChatEvent | undefined {
  if (name === undefined || !NAMES.has(name)) return undefined
  const value = parseObject(data)
  return value === undefined ? undefined : ({ name, data: value } as ChatEvent)
}

function parseObject(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
