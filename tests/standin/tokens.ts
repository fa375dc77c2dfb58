/**
 * The stand-in's tokens. An answer's token is what one delta carries: a word, a CJK character or a
 * punctuation mark, with the white space before it. A prompt is counted by characters, after
 * DeepSeek's rule of thumb (0.3 token for a Latin character, 0.6 for a Chinese one).
 */

const CJK = '[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}]'

const TOKEN = new RegExp(`\\s*(?:${CJK}|(?:(?!${CJK})[\\p{L}\\p{M}\\p{N}_])+|\\S)|\\s+$`, 'gu')

const HAS_CJK = new RegExp(CJK, 'u')

/** A run of tokens that need not exist as a list. */
export interface TokenRun {
  readonly length: number
  at(index: number): string
}

/** Returns the tokens of a text; joined they are the text again. */
export function splitTokens(text: string): readonly string[] {
  return text.match(TOKEN) ?? []
}

/** Returns a run of `length` tokens that repeats the given ones, an empty line between the rounds. */
export function cycleTokens(tokens: readonly string[], length = tokens.length): TokenRun {
  const round = tokens.length
  return {
    length: round === 0 ? 0 : length,
    at(index) {
      const token = tokens[index % round] ?? ''
      return index > 0 && index % round === 0 ? `\n\n${token}` : token
    },
  }
}

/** Returns the run's first `length` tokens. */
export function takeTokens(run: TokenRun, length: number): TokenRun {
  return { length: Math.min(run.length, Math.max(0, length)), at: (index) => run.at(index) }
}

/** Returns a run's tokens. */
export function listTokens(run: TokenRun): readonly string[] {
  return Array.from({ length: run.length }, (_, index) => run.at(index))
}

/** Returns the text that a run's tokens make together. */
export function joinTokens(run: TokenRun): string {
  return listTokens(run).join('')
}

/**
 * Returns the weight of a text in tenths of a token: 3 for a code point below U+2E80 (Latin and its
 * neighbours), 6 for the rest of the basic plane (CJK), 10 beyond it (emoji).
 */
export function weighText(text: string): number {
  let tenths = 0
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0
    tenths += point < 0x2e80 ? 3 : point <= 0xffff ? 6 : 10
  }
  return tenths
}

/** True if the text has a Chinese, Japanese or Korean character. */
export function hasCjk(text: string): boolean {
  return HAS_CJK.test(text)
}
