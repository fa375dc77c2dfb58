/** How large the prompt of a program's call is, before anybody has counted it. */

import { estimateTokens, MESSAGE_OVERHEAD, THINKING_OVERHEAD } from './token-estimate.ts'

/**
 * What a picture or file is reckoned to be, tokens: the provider counts by size, and nobody knows the size
 * of what an address leads to.
 */
const ATTACHMENT_TOKENS = 1024

export interface PromptSize {
  /** Estimated tokens. */
  readonly tokens: number
  /** UTF-8 bytes of all but the data of attachments; at least as many as its tokens. */
  readonly bytes: number
  /** Pictures and files. */
  readonly attachments: number
}

type Fields = Readonly<Record<string, unknown>>

/** What of the body makes the prompt; everything is as its program wrote it. */
export interface PromptFields {
  readonly messages: readonly Fields[]
  readonly thinking?: unknown
}

/**
 * @param bodyBytes of the whole request
 * @param tools JSON text of the tools, if any
 */
export function promptSize(
  { messages, thinking }: PromptFields,
  bodyBytes: number,
  tools = '',
): PromptSize {
  const attachments = messages.flatMap(({ content }) => objectsOf(content).filter(isAttachment))
  const inline = attachments.reduce((sum, part) => sum + addressBytes(part), 0)
  // It is on unless it is switched off.
  const isThinking = !(isObject(thinking) && thinking['type'] === 'disabled')
  const written = messages.reduce(
    (sum, message) => sum + MESSAGE_OVERHEAD + estimateTokens(textOf(message)),
    estimateTokens(tools),
  )
  return {
    tokens: written + attachments.length * ATTACHMENT_TOKENS + (isThinking ? THINKING_OVERHEAD : 0),
    bytes: bodyBytes - inline,
    attachments: attachments.length,
  }
}

function textOf(message: Fields): string {
  const { content, reasoning_content: reasoning, name, tool_calls: calls } = message
  const texts = [content, reasoning, name, ...objectsOf(content).map(({ text }) => text)]
  return [...texts, ...objectsOf(calls).flatMap(callTexts)]
    .filter((text) => typeof text === 'string')
    .join('')
}

function callTexts({ function: called }: Fields): readonly unknown[] {
  return isObject(called) ? [called['name'], called['arguments']] : []
}

function isAttachment({ type }: Fields): boolean {
  return type !== undefined && type !== 'text'
}

/** A picture may stand in the body itself. */
function addressBytes({ image_url: image }: Fields): number {
  const address = isObject(image) ? image['url'] : undefined
  return typeof address === 'string' ? Buffer.byteLength(address) : 0
}

function objectsOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
