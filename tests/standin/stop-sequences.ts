/** `stop`: texts before which an answer ends. */

import { ApiError } from './api-error.ts'
import type { JsonReader } from './json-reader.ts'
import { joinTokens, type TokenRun } from './tokens.ts'

const MAX_SEQUENCES = 16

/** @throws {ApiError} 400 for anything but a text or up to 16 of them */
export function readStops(reader: JsonReader): readonly string[] {
  const value = reader.root['stop']
  if (value === undefined || value === null) return []
  const stops: readonly unknown[] = Array.isArray(value) ? value : [value]
  const texts = stops.filter((stop) => typeof stop === 'string')
  if (texts.length < stops.length) {
    throw reader.mismatch('stop', 'expected a string or a sequence of strings', value)
  }
  // The provider's words for it are not known.
  if (texts.length > MAX_SEQUENCES) throw new ApiError(400, 'Invalid Parameters')
  return texts.filter((text) => text !== '')
}

/** Returns the run up to the first of the sequences, which may lie across tokens. */
export function untilStop(run: TokenRun, stops: readonly string[]): TokenRun {
  if (stops.length === 0) return run
  const text = joinTokens(run)
  const places = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
  if (places.length === 0) return run
  const end = Math.min(...places)
  let length = 0
  let characters = 0
  while (characters < end) {
    characters += run.at(length).length
    length += 1
  }
  const over = characters - end
  return {
    length,
    at: (index) => (index === length - 1 ? cutEnd(run.at(index), over) : run.at(index)),
  }
}

function cutEnd(token: string, characters: number): string {
  return token.slice(0, token.length - characters)
}
