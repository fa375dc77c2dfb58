/** The part of a text that is shown of a find. */

import type { SearchHit } from '#contract/api.ts'

/** Characters before the first find, and all together. */
export const SNIPPET_LEAD = 40
export const SNIPPET_CHARACTERS = 160

/** A piece of a text, at most SNIPPET_CHARACTERS long. */
export interface Excerpt {
  readonly text: string
  /** Whether the text goes on at the piece's ends. */
  readonly isCutBefore: boolean
  readonly isCutAfter: boolean
}

/** Returns the piece on one line, with the places of the phrases in it. */
export function snippetOf(
  excerpt: Excerpt,
  phrases: readonly string[],
): Pick<SearchHit, 'snippet' | 'highlights'> {
  const line = excerpt.text.replaceAll(/[\s\p{Cc}]/gu, ' ')
  const snippet = `${excerpt.isCutBefore ? '…' : ''}${line}${excerpt.isCutAfter ? '…' : ''}`
  return { snippet, highlights: merged(phrases.flatMap((phrase) => placesOf(phrase, snippet))) }
}

type Place = readonly [start: number, end: number]

function placesOf(phrase: string, text: string): Place[] {
  const haystack = folded(text)
  const needle = folded(phrase)
  const places: Place[] = []
  let at = haystack.indexOf(needle)
  while (at >= 0) {
    places.push([at, at + needle.length])
    // Finds may overlap: all of `ababa` is of `aba`.
    at = haystack.indexOf(needle, at + 1)
  }
  return places
}

/** In lower case, yet of the same length, so that places stay what they are. */
function folded(text: string): string {
  return text.replaceAll(/./gsu, (character) => {
    const lower = character.toLowerCase()
    return lower.length === character.length ? lower : character
  })
}

/** Returns the places in order; those that overlap or touch become one. */
function merged(places: readonly Place[]): Place[] {
  const result: Place[] = []
  for (const [start, end] of places.toSorted((a, b) => a[0] - b[0])) {
    const last = result.at(-1)
    if (last === undefined || start > last[1]) result.push([start, end])
    else result[result.length - 1] = [last[0], Math.max(last[1], end)]
  }
  return result
}
