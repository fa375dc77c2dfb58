/** The tool calls of an answer. */

import { createHash } from 'node:crypto'
import { isObject, type JsonObject } from './json-reader.ts'
import { splitTokens } from './tokens.ts'
import type { Tool } from './tools.ts'

export interface ToolCall {
  readonly name: string
  /** The arguments' JSON; one piece is one token and one delta. */
  readonly fragments: readonly string[]
}

/** Tokens of a call that no delta shows: 61 were counted where 17 + 10 were seen. */
export const CALL_TOKENS = 34

/** Returns `count` calls of the tools in turn, with arguments that fit their schemas. */
export function makeToolCalls(tools: readonly Tool[], count: number): readonly ToolCall[] {
  return Array.from({ length: tools.length === 0 ? 0 : count }, (_, index) => {
    const { name, parameters } = tools[index % tools.length] as Tool
    return { name, fragments: splitTokens(JSON.stringify(sampleOf(parameters))) }
  })
}

/** Returns the calls as far as `room` tokens go. */
export function takeToolCalls(calls: readonly ToolCall[], room: number): readonly ToolCall[] {
  const taken: ToolCall[] = []
  let left = room
  for (const call of calls) {
    left -= CALL_TOKENS
    if (left <= 0) break
    taken.push({ ...call, fragments: call.fragments.slice(0, left) })
    left -= call.fragments.length
  }
  return taken
}

/** Returns the number of deltas with arguments. */
export function countFragments(calls: readonly ToolCall[]): number {
  return calls.reduce((sum, { fragments }) => sum + fragments.length, 0)
}

/** Returns what the calls count in `completion_tokens`. */
export function countToolTokens(calls: readonly ToolCall[]): number {
  return countFragments(calls) + calls.length * CALL_TOKENS
}

/** Returns the id of an answer's call, `call_00_` and 20 letters and digits for the first. */
export function toolCallId(answerId: string, index: number): string {
  const digest = createHash('sha256').update(`${answerId} ${index}`).digest('base64')
  const letters = digest.replace(/[^A-Za-z0-9]/g, '').slice(0, 20)
  return `call_${String(index).padStart(2, '0')}_${letters}`
}

/** Returns a value that fits the schema, as far as its types and enumerations say. */
function sampleOf(schema: JsonObject): unknown {
  const choices = schema['enum']
  if (Array.isArray(choices)) return choices[0]
  switch (schema['type']) {
    case 'string':
      return 'text'
    case 'integer':
    case 'number':
      return 1
    case 'boolean':
      return true
    case 'array':
      return []
    case 'null':
      return null
    default: {
      const properties = isObject(schema['properties']) ? schema['properties'] : {}
      return Object.fromEntries(
        Object.entries(properties).map(([name, value]) => [
          name,
          sampleOf(isObject(value) ? value : {}),
        ]),
      )
    }
  }
}
