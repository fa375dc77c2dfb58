/** Answers of the stand-in whose whole text a test knows before it asks for them. */

import { answerTo } from '../standin/prose.ts'
import { cycleTokens, joinTokens, splitTokens, takeTokens } from '../standin/tokens.ts'

export interface Script {
  /** Tokens of the answer, and of the reasoning before it; one delta each. */
  readonly tokens: number
  readonly reasoning?: number
  /** Between two tokens. */
  readonly delayMs: number
  /** More directives, such as `stall=7`. */
  readonly more?: string
}

export interface ScriptedAnswer extends Script {
  readonly message: string
  readonly thinking: boolean
  /** What the stand-in has sent once it has sent so many tokens. */
  reasoningText(tokens: number): string
  contentText(tokens: number): string
}

/** Mostly one token a character, with an emoji and a word among them. */
const TEXT = '春眠不觉晓，处处闻啼鸟🙂夜来风雨声，花落知多少 spring'
const QUESTION = '背一首诗'

export function scriptAnswer(script: Script): ScriptedAnswer {
  const { tokens, reasoning = 0, delayMs, more = '' } = script
  const thinking = reasoning > 0
  const words = [
    `tokens=${tokens}`,
    `delay=${delayMs}`,
    ...(thinking ? [`reasoning=${reasoning}`] : []),
  ]
  const content = cycleTokens(splitTokens(TEXT), tokens)
  const thought = cycleTokens(splitTokens(answerTo(QUESTION).reasoning.join('')), reasoning)
  return {
    ...script,
    message: `${QUESTION}\nstandin: ${words.join(' ')} text="${TEXT}" ${more}`,
    thinking,
    reasoningText: (count) => joinTokens(takeTokens(thought, count)),
    contentText: (count) => joinTokens(takeTokens(content, count)),
  }
}
