/**
 * Reads the fields of a JSON body and refuses wrong ones with the words of DeepSeek's deserializer
 * (Rust's serde): path, what is wrong, line and column.
 */

import { ApiError } from './api-error.ts'

export type JsonObject = Readonly<Record<string, unknown>>

export interface JsonReader {
  readonly root: JsonObject
  /** Returns a 400 for the field at `path`; `found` is the value whose end the position points to. */
  mismatch(path: string, problem: string, found?: unknown): ApiError
  /** Returns `value` as an object. @throws {ApiError} 400 */
  object(path: string, value: unknown): JsonObject
  /** Returns `value` as one of `variants`. @throws {ApiError} 400 */
  variant<T extends string>(path: string, value: unknown, variants: readonly T[]): T
  /** Returns `value` as a boolean, false if it is absent. @throws {ApiError} 400 */
  flag(path: string, value: unknown): boolean
  /** Returns `value` as a number, undefined if it is absent. @throws {ApiError} 400 */
  number(path: string, value: unknown): number | undefined
}

/** @throws {ApiError} 400 if the text is not a JSON object */
export function createJsonReader(text: string): JsonReader {
  function mismatch(path: string, problem: string, found?: unknown): ApiError {
    const where = path === '' ? '' : `${path}: `
    return new ApiError(
      400,
      'Failed to deserialize the JSON body into the target type: ' +
        `${where}${problem} at ${position(text, found)}`,
    )
  }

  function wrongType(path: string, value: unknown, expected: string): ApiError {
    return mismatch(path, `invalid type: ${describe(value)}, expected ${expected}`, value)
  }

  function object(path: string, value: unknown): JsonObject {
    if (isObject(value)) return value
    throw wrongType(path, value, 'a map')
  }

  return {
    root: object('', parse(text)),
    mismatch,
    object,
    variant<T extends string>(path: string, value: unknown, variants: readonly T[]): T {
      if (typeof value !== 'string') throw wrongType(path, value, 'a string')
      const known = variants.find((variant) => variant === value)
      if (known !== undefined) return known
      const names = variants.map((variant) => `\`${variant}\``)
      const list = names.length > 2 ? `one of ${names.join(', ')}` : names.join(' or ')
      throw mismatch(path, `unknown variant \`${value}\`, expected ${list}`, value)
    },
    flag(path, value) {
      if (value === undefined || value === null) return false
      if (typeof value !== 'boolean') throw wrongType(path, value, 'a boolean')
      return value
    },
    number(path, value) {
      if (value === undefined || value === null) return undefined
      if (typeof value !== 'number') throw wrongType(path, value, 'a number')
      return value
    },
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiError(400, 'Failed to parse the request body as JSON')
  }
}

/** Serde points behind the last character it read: the end of the value, or of the whole body. */
function position(text: string, found: unknown): string {
  const needle = found === undefined ? '' : JSON.stringify(found)
  const at = needle === '' ? -1 : text.indexOf(needle)
  const read = text.slice(0, at === -1 ? text.length : at + needle.length)
  const line = read.split('\n').length
  return `line ${line} column ${read.length - (read.lastIndexOf('\n') + 1)}`
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return 'null'
  if (Array.isArray(value)) return 'sequence'
  if (typeof value === 'object') return 'map'
  if (typeof value === 'string') return `string ${JSON.stringify(value)}`
  if (typeof value === 'boolean') return `boolean \`${value}\``
  const kind = Number.isInteger(value) ? 'integer' : 'floating point'
  return `${kind} \`${String(value)}\``
}
