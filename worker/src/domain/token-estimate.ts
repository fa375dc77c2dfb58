/**
 * Token counts for calls whose provider sent no usage. DeepSeek's rule of thumb is 0.3 token for an
 * English character and 0.6 for a Chinese one; an emoji measured about 1.7. Weights are tenths of a
 * token, so that sums are exact and an estimate does not depend on how the text was cut.
 */

/** Name and version of this rule, kept with what it estimated. */
export const ESTIMATE_METHOD = 'weights-1'

const LATIN_TENTHS = 3
const CJK_TENTHS = 6
const EMOJI_TENTHS = 17

/** First code point of the CJK blocks; what lies below is alphabets, counted like Latin. */
const FIRST_CJK = 0x2e80

const EMOJI = /\p{Extended_Pictographic}/u

/** Tokens around each message (role and separators), from observed calls. */
export const MESSAGE_OVERHEAD = 4
/** Hidden instructions of thinking mode: "Reply with OK." was 87 tokens where 4 + 4 are visible. */
export const THINKING_OVERHEAD = 79

/**
 * Returns what a text weighs, in tenths of a token: the whole weighs what its parts weigh, as long as no
 * character was cut.
 */
export function weighText(text: string): number {
  let tenths = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    if (code < 0x80) tenths += LATIN_TENTHS
    else if (EMOJI.test(character)) tenths += EMOJI_TENTHS
    else tenths += code < FIRST_CJK ? LATIN_TENTHS : CJK_TENTHS
  }
  return tenths
}

/** Returns the estimated tokens of so many tenths, rounded up. */
export function tokensOf(tenths: number): number {
  return Math.ceil(tenths / 10)
}

/** Returns the estimated tokens of a text, rounded up. */
export function estimateTokens(text: string): number {
  return tokensOf(weighText(text))
}

/** What came of an answer, in estimated tokens. */
export interface ReceivedTokens {
  readonly reasoning: number
  /** Content, and names and arguments of tool calls. */
  readonly rest: number
}

/** Returns what these texts of an answer are. */
export function receivedTokens(reasoning: string, content: string): ReceivedTokens {
  return { reasoning: estimateTokens(reasoning), rest: estimateTokens(content) }
}

/** Returns the estimated tokens of a prompt, what the provider adds to it included. */
export function estimatePromptTokens(texts: readonly string[], thinking: boolean): number {
  const visible = texts.reduce((sum, text) => sum + estimateTokens(text) + MESSAGE_OVERHEAD, 0)
  return visible + (thinking ? THINKING_OVERHEAD : 0)
}
