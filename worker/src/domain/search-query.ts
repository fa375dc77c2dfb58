/**
 * What a person looks for. A query is words and "phrases", all of which have to be in one text, anywhere
 * in it and whatever the case: there are no word borders in Chinese. No character has a meaning besides
 * the quotation mark.
 *
 * The full-text index knows pairs of characters. Some pairs of the query are asked of it, so that it
 * names few texts; those are then looked at.
 */

export interface SearchQuery {
  /** What has to be in the text; at least one, none empty. */
  readonly phrases: readonly string[]
  /**
   * Pairs of characters for the index, in MySQL's boolean syntax; undefined if the query has none, as one
   * of a single character has not.
   */
  readonly pairs: string | undefined
}

/**
 * Letters and digits that MySQL takes for parts of a word beyond doubt. All others, and with them all
 * operators of the boolean syntax, are never asked of the index.
 */
const PAIR =
  /(?=([\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}0-9]{2}))/gu

/** Each pair costs as much as there are texts with it, and a third one rarely leaves more than a few. */
const MAX_PAIRS = 3

/** Phrases that may be asked for at once: each text is read for every one of them. */
export const MAX_PHRASES = 8

/** Returns the query, or undefined if it asks for nothing. */
export function parseSearch(text: string): SearchQuery | undefined {
  const plain = text.replaceAll(/\p{Cc}/gu, ' ').replaceAll(/[“”„]/g, '"')
  const phrases = [...plain.matchAll(/"([^"]*)"?|[^\s"]+/g)]
    .map(([word, phrase]) => (phrase ?? word).trim())
    .filter((phrase) => phrase !== '')
  if (phrases.length === 0) return undefined
  return { phrases, pairs: pairsOf(phrases) }
}

/** Returns pairs from beginning, middle and end, because neighbours often come together. */
function pairsOf(phrases: readonly string[]): string | undefined {
  const all = phrases.flatMap((phrase) => [...phrase.matchAll(PAIR)].map(([, pair = '']) => pair))
  const unique = [...new Set(all)]
  const step = (unique.length - 1) / (MAX_PAIRS - 1)
  const chosen =
    unique.length <= MAX_PAIRS
      ? unique
      : Array.from({ length: MAX_PAIRS }, (_, index) => unique[Math.round(index * step)])
  return chosen.length === 0 ? undefined : chosen.map((pair) => `+${pair}`).join(' ')
}
