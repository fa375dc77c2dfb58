/** What a prompt costs and how much of it the provider's cache already knew. */

import type { Message } from './messages.ts'
import { weighText } from './tokens.ts'

/** Format tokens around each message; "Hello" counts 6 in the real API's non-thinking mode. */
const MESSAGE_TOKENS = 4

/** What thinking adds to every prompt; "Reply with OK." counts 87 in the real API. */
const THINKING_TOKENS = 78

/** An image or a file. The real price depends on its size. */
const ATTACHMENT_TOKENS = 256

/** Cached tokens come in whole units of this many. */
const CACHE_UNIT_TOKENS = 64

const MAX_REMEMBERED = 256

/** Returns the prompt tokens of a request. */
export function countPrompt(
  messages: readonly Message[],
  tools: unknown,
  thinking: boolean,
): number {
  let tokens = thinking ? THINKING_TOKENS : 0
  for (const message of messages) {
    tokens += MESSAGE_TOKENS + Math.ceil(weighText(message.text) / 10)
    tokens += message.attachments * ATTACHMENT_TOKENS
  }
  if (tools !== undefined) tokens += Math.ceil(weighText(JSON.stringify(tools)) / 10)
  return tokens
}

export interface PromptCache {
  /**
   * Returns how many tokens at the prompt's beginning equal the same account's prior prompt, in whole
   * units of 64, and remembers this prompt as the prior one.
   */
  hit(account: string, messages: readonly Message[]): number
}

export function createPromptCache(): PromptCache {
  const prior = new Map<string, string>()
  return {
    hit(account, messages) {
      const prompt = messages.map(({ role, text }) => `${role}\n${text}`).join('\n')
      const known = prior.get(account) ?? ''
      prior.delete(account)
      prior.set(account, prompt)
      const [oldest] = prior.keys()
      if (prior.size > MAX_REMEMBERED && oldest !== undefined) prior.delete(oldest)
      const tokens = Math.floor(weighText(commonPrefix(known, prompt)) / 10)
      return tokens - (tokens % CACHE_UNIT_TOKENS)
    },
  }
}

function commonPrefix(left: string, right: string): string {
  let length = 0
  const end = Math.min(left.length, right.length)
  while (length < end && left.charCodeAt(length) === right.charCodeAt(length)) length += 1
  return left.slice(0, length)
}
