/** Which texts a variable can have, followed through maps, `set` and texts put together. */

import type { Directive } from './nginx-parser.ts'
import { type Definition, replaceFirstVariable, variablesIn } from './variable-definitions.ts'

export interface PossibleValue {
  readonly text: string
  /** Where it is written: of a value handed on by its name alone, where it came from. */
  readonly at: Directive
  /** A variable in it that depends on the request, so that the text cannot be told before. */
  readonly unknown?: string
  /** The values of variables from which the text was put together. */
  readonly parts?: readonly PossibleValue[]
}

/** More combinations than any sensible configuration has; the rest is not looked at. */
const MOST = 200

type Definitions = ReadonlyMap<string, readonly Definition[]>

/** Returns the definitions by name. */
export function byName(definitions: readonly Definition[]): Definitions {
  const found = new Map<string, Definition[]>()
  for (const definition of definitions) {
    const known = found.get(definition.name)
    if (known === undefined) found.set(definition.name, [definition])
    else known.push(definition)
  }
  return found
}

/** Returns the possible values of a definition. */
export function valuesOf(
  { name, at, text }: Definition,
  definitions: Definitions,
  above: readonly string[] = [],
): readonly PossibleValue[] {
  if (text === undefined) return [{ text: '', at, unknown: name }]
  return expand(text, at, definitions, [...above, name])
}

function expand(
  text: string,
  at: Directive,
  definitions: Definitions,
  above: readonly string[],
  parts: readonly PossibleValue[] = [],
): readonly PossibleValue[] {
  const [name] = variablesIn(text)
  if (name === undefined) return [parts.length === 0 ? { text, at } : { text, at, parts }]
  const known = definitions.get(name)
  // Not ours, such as $arg_x and the captures $1, or defined by itself.
  if (known === undefined || above.includes(name)) return [{ text, at, unknown: name }]
  const values = known.flatMap((definition) => valuesOf(definition, definitions, above))
  if (text === `$${name}` || text === `\${${name}}`) return values.slice(0, MOST)
  return values
    .flatMap((value) =>
      value.unknown === undefined
        ? expand(replaceFirstVariable(text, value.text), at, definitions, above, [...parts, value])
        : [{ text, at, unknown: value.unknown }],
    )
    .slice(0, MOST)
}
