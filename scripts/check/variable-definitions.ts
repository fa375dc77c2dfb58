/** Where the variables of a configuration get their values, and where they are read. */

import type { Directive } from './nginx-parser.ts'
import { walk } from './walk.ts'

/** One way in which a variable gets a value. */
export interface Definition {
  readonly name: string
  /** Where the value stands. */
  readonly at: Directive
  /** As written, with variables in it; undefined where it is worked out while nginx runs. */
  readonly text: string | undefined
}

/** A `$name` or `${name}` in an argument. */
export interface Use {
  readonly name: string
  readonly at: Directive
}

/** Parameters of a map block that are no entries. */
const MAP_PARAMETERS = new Set(['hostnames', 'volatile', 'include'])

/** Directives whose first argument names the variable that they make. */
const BY_FIRST = new Set(['set', 'js_var', 'js_set', 'auth_request_set', 'perl_set'])

/** Captures of a regular expression, `(?<name>…)`. */
const CAPTURE = /\(\?P?<(\w+)>/g
const VARIABLE = /\$(?:\{(\w+)\}|(\w+))/g

/** Returns every definition, in the order of the files. */
export function findDefinitions(directives: readonly Directive[]): readonly Definition[] {
  return [...walk(directives)].flatMap(({ directive }) => [
    ...definitionsOf(directive),
    ...[directive.name, ...directive.args].flatMap((text) =>
      [...text.matchAll(CAPTURE)].map(([, name = '']) => ({
        name,
        at: directive,
        text: undefined,
      })),
    ),
  ])
}

function definitionsOf(at: Directive): readonly Definition[] {
  const { name, args } = at
  if (BY_FIRST.has(name)) {
    const isText = name === 'set' || name === 'js_var'
    return [{ name: bare(args[0]), at, text: isText ? (args[1] ?? '') : undefined }]
  }
  if (name === 'map') return mapEntries(at)
  if (name === 'split_clients') return blockEntries(bare(args[1]), at)
  return name === 'geo' ? blockEntries(bare(args.at(-1)), at) : []
}

/** Without a default a map gives an empty text. */
function mapEntries(map: Directive): readonly Definition[] {
  const name = bare(map.args[1])
  const hasDefault = map.block?.some((entry) => entry.name === 'default') === true
  return [...(hasDefault ? [] : [{ name, at: map, text: '' }]), ...blockEntries(name, map)]
}

function blockEntries(name: string, { block = [] }: Directive): readonly Definition[] {
  return block
    .filter((entry) => !MAP_PARAMETERS.has(entry.name))
    .map((at) => ({ name, at, text: at.args[0] ?? '' }))
}

/** Returns every place where a variable is read. */
export function findUses(directives: readonly Directive[]): readonly Use[] {
  return [...walk(directives)].flatMap(({ directive: at }) => {
    const made = definitionsOf(at).map(({ name }) => name)
    return at.args
      .flatMap(variablesIn)
      .filter((name) => !made.includes(name))
      .map((name) => ({ name, at }))
  })
}

/** Returns the names of the variables in a text. */
export function variablesIn(text: string): readonly string[] {
  return [...text.matchAll(VARIABLE)].map(([, braced, plain]) => braced ?? plain ?? '')
}

/** Returns the text with a value in the place of its first variable. */
export function replaceFirstVariable(text: string, value: string): string {
  return text.replace(new RegExp(VARIABLE, ''), () => value)
}

function bare(text = ''): string {
  return text.replace(/^\$/, '')
}
