/** Values that fit a schema of the OpenAPI document, as far as the schema says. */

import fc from 'fast-check'
import type { Document, Schema } from './openapi.ts'

/** Returns ids and other texts that lead somewhere, for schemas that have this pattern. */
export type KnownTexts = (pattern: string) => readonly string[]

type Part = Schema & {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
}

/** Returns what draws such values. */
export function fittingValues(
  document: Document,
  schema: Schema,
  known: KnownTexts,
): fc.Arbitrary<unknown> {
  const of = (part: Schema) => fittingValues(document, part, known)
  const part: Part = schema
  if (typeof part['$ref'] === 'string') {
    return of(document.components.schemas[part['$ref'].split('/').at(-1) ?? ''] ?? {})
  }
  if ('const' in part) return fc.constant(part['const'])
  if (part.enum !== undefined) return fc.constantFrom(...part.enum)
  const choices = part.anyOf ?? part.oneOf ?? part.allOf
  if (choices !== undefined) return fc.oneof(...choices.map(of))
  switch (part.type) {
    case 'object':
      return objects(part, of)
    case 'array':
      return fc.array(of(part.items ?? {}), { maxLength: 3 })
    case 'string':
      return texts(part, known)
    case 'integer':
      return fc.integer({ min: bound(part, 'minimum', 0), max: bound(part, 'maximum', 1000) })
    case 'number':
      return fc.double({
        min: bound(part, 'minimum', 0),
        max: bound(part, 'maximum', 1),
        noNaN: true,
      })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    default:
      return fc.jsonValue({ maxDepth: 1 })
  }
}

function objects(
  { properties = {}, required = [] }: Part,
  of: (part: Schema) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, part]) => [name, of(part)]),
  )
  return fc.record(fields, { requiredKeys: [...required], noNullPrototype: true })
}

function texts(part: Part, known: KnownTexts): fc.Arbitrary<string> {
  const min = bound(part, 'minLength', 0)
  const max = bound(part, 'maxLength', 60)
  const plain = fc.string({ minLength: min, maxLength: Math.min(Math.max(min, 12), max) })
  const { pattern } = part
  if (typeof pattern !== 'string') return plain
  const given = known(pattern)
  if (given.length > 0) return fc.constantFrom(...given)
  try {
    return fc.stringMatching(new RegExp(pattern, 'u'), { maxLength: 60 })
  } catch {
    // fast-check does not know all of regular expressions; letters fit most of them.
    return fc.string({
      unit: fc.constantFrom(...'abcXYZ'),
      minLength: Math.max(min, 8),
      maxLength: 12,
    })
  }
}

function bound(part: Part, name: string, otherwise: number): number {
  const value = part[name]
  return typeof value === 'number' ? value : otherwise
}
