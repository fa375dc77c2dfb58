/** The words of a directive line, `key=value key="value with spaces"`, and how values are read. */

import { ApiError } from './api-error.ts'

const PAIR = /\s*([a-z_]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?=\s|$)/y
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['"', '"'],
  ['\\', '\\'],
])

/** Returns the error for a script that cannot be played. */
export function refusal(reason: string): ApiError {
  return new ApiError(400, `standin: ${reason}`)
}

/**
 * Adds the pairs of one line to those already given.
 * @throws {ApiError} 400 if the line cannot be read or names a key twice
 */
export function readPairs(line: string, given: Map<string, string>): void {
  let at = 0
  while (line.slice(at).trim() !== '') {
    PAIR.lastIndex = at
    const match = PAIR.exec(line)
    if (match === null) throw refusal(`cannot read ${JSON.stringify(line.slice(at).trim())}`)
    const [whole, name = '', value = ''] = match
    if (given.has(name)) throw refusal(`${name} is given twice`)
    given.set(name, resolveEscapes(name, value.startsWith('"') ? value.slice(1, -1) : value))
    at += whole.length
  }
}

function resolveEscapes(name: string, value: string): string {
  return value.replace(/\\(.?)/gsu, (_, letter: string) => {
    const char = ESCAPES.get(letter)
    if (char === undefined) throw refusal(`${name} has an unknown escape \\${letter}`)
    return char
  })
}

/** Removes a value and returns it, so that what is left over in the end is unknown. */
export function take(given: Map<string, string>, name: string): string | undefined {
  const value = given.get(name)
  given.delete(name)
  return value
}

/** Takes a whole number from 0 to `max`. */
export function takeInteger(
  given: Map<string, string>,
  name: string,
  max: number,
): number | undefined {
  const value = take(given, name)
  if (value === undefined) return undefined
  if (!/^\d{1,9}$/.test(value) || Number(value) > max) {
    throw refusal(`${name} must be a whole number from 0 to ${max}, not ${JSON.stringify(value)}`)
  }
  return Number(value)
}

/** Takes a whole number from 0 to `max`, or one word instead. */
export function takeIntegerOr<W extends string>(
  given: Map<string, string>,
  name: string,
  max: number,
  word: W,
): number | W | undefined {
  if (given.get(name) !== word) return takeInteger(given, name, max)
  given.delete(name)
  return word
}

/** Takes seconds, fractions allowed, and returns milliseconds. */
export function takeSeconds(given: Map<string, string>, name: string): number | undefined {
  const value = take(given, name)
  if (value === undefined) return undefined
  const ms = Number(value) * 1000
  if (!/^\d{1,4}(\.\d{1,3})?$/.test(value) || ms < 1) {
    throw refusal(`${name} must be seconds from 0.001 to 9999, not ${JSON.stringify(value)}`)
  }
  return ms
}

/** Takes one of the listed values. */
export function takeChoice<T extends string | number>(
  given: Map<string, string>,
  name: string,
  choices: readonly T[],
): T | undefined {
  const value = take(given, name)
  if (value === undefined) return undefined
  const choice = choices.find((known) => String(known) === value)
  if (choice === undefined) {
    throw refusal(`${name} must be one of ${choices.join(', ')}, not ${JSON.stringify(value)}`)
  }
  return choice
}
