/**
 * How much of a conversation the model sees again. From the newest message back, whole messages are
 * taken while all together, the new one included, are at most so many estimated tokens as the model's
 * window leaves room for, and while there are at most CONTEXT_MESSAGES earlier ones; the first that does
 * not fit ends it. A question whose answer has no text is left out together with that answer. What is
 * left starts with a question, never with an answer whose question was cut off. The new message itself
 * always goes in.
 */

import { estimateTokens, MESSAGE_OVERHEAD } from './token-estimate.ts'
import type { PromptMessage } from './upstream-event.ts'

/** What a model can take, in tokens. */
export interface ModelWindow {
  /** Prompt and answer together. */
  readonly contextTokens: number
  readonly maxOutputTokens: number
}

/** DeepSeek's, in autumn 2026. */
export const DEFAULT_WINDOW: ModelWindow = { contextTokens: 1_048_576, maxOutputTokens: 393_216 }

/** However long a conversation has become, a turn in it costs no more than with so many messages. */
export const CONTEXT_MESSAGES = 200

/** A message of a conversation, with its estimated tokens if they are known. */
export interface StoredMessage extends PromptMessage {
  readonly tokens: number | null
}

export interface Prompt {
  readonly messages: readonly PromptMessage[]
  /** Estimate, what the provider adds to each message included. */
  readonly tokens: number
}

/**
 * Returns the tokens that a prompt may have: what the longest answer leaves of the window, yet half of
 * it for models that call their whole window the longest answer.
 */
export function promptRoom({ contextTokens, maxOutputTokens }: ModelWindow): number {
  return Math.max(contextTokens - maxOutputTokens, Math.floor(contextTokens / 2))
}

/**
 * Returns the prompt for a new message.
 * @param earlier the chain of messages before it, newest first
 * @param room most tokens
 */
export function buildPrompt(
  message: StoredMessage,
  earlier: readonly StoredMessage[],
  room: number,
): Prompt {
  const prompt = [message, ...fitting(earlier, room - tokensOf(message))].reverse()
  return {
    messages: prompt.map(({ role, content }) => ({ role, content })),
    tokens: prompt.reduce((sum, each) => sum + tokensOf(each), 0),
  }
}

function fitting(earlier: readonly StoredMessage[], room: number): StoredMessage[] {
  let rest = room
  const kept: StoredMessage[] = []
  let isUnanswered = false
  for (const message of earlier.slice(0, CONTEXT_MESSAGES)) {
    const isSilent = message.role === 'assistant' && message.content === ''
    const isLeftOut = isSilent || (isUnanswered && message.role === 'user')
    isUnanswered = isSilent
    if (isLeftOut) continue
    rest -= tokensOf(message)
    if (rest < 0) break
    kept.push(message)
  }
  while (kept.at(-1)?.role === 'assistant') kept.pop()
  return kept
}

function tokensOf({ content, tokens }: StoredMessage): number {
  return (tokens ?? estimateTokens(content)) + MESSAGE_OVERHEAD
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
