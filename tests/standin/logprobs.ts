/** `logprobs`: how likely each token of an answer was. Made up, but the same for the same token. */

import { ApiError } from './api-error.ts'
import type { JsonReader } from './json-reader.ts'

const MAX_TOP = 20

export interface Logprob {
  readonly token: string
  readonly logprob: number
  /** UTF-8. */
  readonly bytes: readonly number[]
}

export interface TokenLogprob extends Logprob {
  readonly top_logprobs: readonly Logprob[]
}

/**
 * Returns how many alternatives of each token are wanted; undefined if no logprobs are.
 * @throws {ApiError} 400
 */
export function readLogprobs(reader: JsonReader): number | undefined {
  const isWanted = reader.flag('logprobs', reader.root['logprobs'])
  const top = reader.number('top_logprobs', reader.root['top_logprobs']) ?? 0
  if (!Number.isInteger(top) || top < 0 || top > MAX_TOP) {
    throw new ApiError(
      400,
      `Invalid top_logprobs value, the valid range of top_logprobs is [0, ${MAX_TOP}]`,
    )
  }
  return isWanted ? top : undefined
}

/** Returns a token's entry with `top` alternatives, the likeliest first: the token itself. */
export function logprobOf(token: string, top: number): TokenLogprob {
  const logprob =
    -([...token].reduce((sum, char) => sum + (char.codePointAt(0) ?? 0), 0) % 100) / 100
  const alternatives = Array.from({ length: top }, (_, rank) =>
    entry(rank === 0 ? token : `${token}~${rank}`, logprob - rank),
  )
  return { ...entry(token, logprob), top_logprobs: alternatives }
}

function entry(token: string, logprob: number): Logprob {
  return { token, logprob, bytes: [...Buffer.from(token)] }
}
