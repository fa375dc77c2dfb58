/**
 * How much of a conversation the model sees again. From the newest message back, whole messages are
 * taken while all together hold at most CONTEXT_CHARACTERS (UTF-16 units, the new message included)
 * and at most CONTEXT_MESSAGES; the first that does not fit ends it. What is left starts with a
 * question, never with an answer whose question was cut off. The new message itself always goes in.
 */

import type { PromptMessage } from './upstream-event.ts'

/** At most 72,000 tokens by DeepSeek's 0.6 a Chinese character: far inside its window of 1M. */
export const CONTEXT_CHARACTERS = 120_000

export const CONTEXT_MESSAGES = 200

/**
 * Returns the prompt for a new message.
 * @param earlier the chain of messages before it, newest first
 */
export function buildPrompt(
  message: string,
  earlier: readonly PromptMessage[],
): readonly PromptMessage[] {
  let rest = CONTEXT_CHARACTERS - message.length
  const kept: PromptMessage[] = []
  for (const { role, content } of earlier.slice(0, CONTEXT_MESSAGES)) {
    rest -= content.length
    if (rest < 0) break
    kept.push({ role, content })
  }
  while (kept.at(-1)?.role === 'assistant') kept.pop()
  return [...kept.reverse(), { role: 'user', content: message }]
}

const TITLE_CHARACTERS = 60

/** Returns the title of a conversation that begins with this message: the start of its first line. */
export function titleOf(message: string): string {
  const [line = ''] = message.trim().split('\n')
  const characters = [...line.trim()]
  return characters.length <= TITLE_CHARACTERS
    ? characters.join('')
    : `${characters.slice(0, TITLE_CHARACTERS - 1).join('')}…`
}
