/** The messages of a chat request. */

import { ApiError } from './api-error.ts'
import { isObject, type JsonObject, type JsonReader } from './json-reader.ts'
import type { Model } from './models.ts'

const ROLES = ['system', 'user', 'assistant', 'tool', 'latest_reminder'] as const
const PARTS = ['text', 'image_url', 'file'] as const

export interface Message {
  readonly role: (typeof ROLES)[number]
  /** Text parts joined by line ends. */
  readonly text: string
  /** Number of image and file parts. */
  readonly attachments: number
}

/**
 * Returns the messages of a body.
 * @throws {ApiError} 400 with the provider's words for the first thing that is wrong
 */
export function readMessages(
  reader: JsonReader,
  model: Model,
  thinking: boolean,
): readonly Message[] {
  const list = reader.root['messages']
  if (list === undefined) throw reader.mismatch('', 'missing field `messages`')
  if (!Array.isArray(list)) throw reader.mismatch('messages', 'expected a sequence', list)
  if (list.length === 0) throw new ApiError(400, 'Empty input messages')
  return list.map((entry: unknown, index) => {
    const path = `messages[${index}]`
    return readMessage(reader, path, reader.object(path, entry), model, thinking)
  })
}

function readMessage(
  reader: JsonReader,
  path: string,
  entry: JsonObject,
  model: Model,
  thinking: boolean,
): Message {
  if (entry['role'] === undefined) throw reader.mismatch(path, 'missing field `role`')
  const role = reader.variant(`${path}.role`, entry['role'], ROLES)
  const content = entry['content']
  const calls = entry['tool_calls'] !== undefined && entry['tool_calls'] !== null
  if (role === 'assistant') {
    if ((content === undefined || content === null) && !calls) {
      throw new ApiError(400, 'Invalid assistant message: content or tool_calls must be set')
    }
    if (thinking && calls && typeof entry['reasoning_content'] !== 'string') {
      throw new ApiError(
        400,
        'The `reasoning_content` in the thinking mode must be passed back to the API.',
      )
    }
    return { role, ...readContent(reader, `${path}.content`, content ?? '', model) }
  }
  if (content === undefined) throw reader.mismatch(path, 'missing field `content`')
  return { role, ...readContent(reader, `${path}.content`, content, model) }
}

function readContent(
  reader: JsonReader,
  path: string,
  content: unknown,
  model: Model,
): Pick<Message, 'text' | 'attachments'> {
  if (typeof content === 'string') return { text: content, attachments: 0 }
  if (!Array.isArray(content)) {
    throw reader.mismatch(path, 'expected a string or a sequence', content)
  }
  const texts: string[] = []
  let attachments = 0
  for (const [index, part] of content.entries()) {
    const object = isObject(part) ? part : {}
    const at = `${path}[${index}].type`
    const type = reader.variant(at, object['type'], model.vision ? PARTS : (['text'] as const))
    if (type !== 'text') attachments += 1
    else if (typeof object['text'] === 'string') texts.push(object['text'])
    else throw reader.mismatch(`${path}[${index}]`, 'missing field `text`')
  }
  return { text: texts.join('\n'), attachments }
}
