/** The tools that a request offers. */

import { ApiError } from './api-error.ts'
import { isObject, type JsonObject, type JsonReader } from './json-reader.ts'

export interface Tool {
  readonly name: string
  /** JSON Schema of its arguments. */
  readonly parameters: JsonObject
}

export interface ToolOffer {
  /** What may be called; with a `tool_choice` that names one, that one alone. */
  readonly tools: readonly Tool[]
  readonly choice: 'none' | 'auto' | 'required'
}

const CHOICES = ['none', 'auto', 'required'] as const

/** @throws {ApiError} 400 for the first thing that is wrong */
export function readToolOffer(reader: JsonReader): ToolOffer {
  const tools = readTools(reader)
  const value = reader.root['tool_choice']
  if (value === undefined || value === null) return { tools, choice: 'auto' }
  if (!isObject(value)) return { tools, choice: reader.variant('tool_choice', value, CHOICES) }
  const chosen = reader.object('tool_choice.function', value['function'])['name']
  const named = tools.filter(({ name }) => name === chosen)
  // The provider's words for it are not known.
  if (named.length === 0) throw new ApiError(400, 'Invalid Parameters')
  return { tools: named, choice: 'required' }
}

function readTools(reader: JsonReader): readonly Tool[] {
  const list = reader.root['tools']
  if (list === undefined || list === null) return []
  if (!Array.isArray(list)) throw reader.mismatch('tools', 'expected a sequence', list)
  return list.map((entry: unknown, index) => {
    const path = `tools[${index}]`
    const object = reader.object(path, entry)
    reader.variant(`${path}.type`, object['type'], ['function'] as const)
    const described = reader.object(`${path}.function`, object['function'])
    const name = described['name']
    if (typeof name !== 'string') throw reader.mismatch(`${path}.function`, 'missing field `name`')
    const parameters = described['parameters']
    return { name, parameters: isObject(parameters) ? parameters : {} }
  })
}
