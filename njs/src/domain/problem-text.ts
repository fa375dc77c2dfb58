/** Bodies of errors, put together once and then only given the request's id. */

import type { Lang } from '../contract/lang.ts'
import { openAiError } from '../contract/openai-error.ts'
import { makeProblem, type ProblemDetails } from '../contract/problem.ts'
import type { ProblemCode } from '../contract/problem-codes.ts'

/** Who reads an error: our own pages and clients, or clients made for OpenAI's API. */
export type ProblemShape = 'problem' | 'openai'

interface KnownText {
  readonly shape: ProblemShape
  readonly code: ProblemCode
  readonly status: number
  readonly lang: Lang
  /** Before and after the request's id. */
  readonly parts: readonly string[]
}

/** Bounds the memory of texts. */
const MAX_TEXTS = 500

/** Where the id goes; nothing that JSON would escape, and nothing that a message contains. */
const ID_MARK = '<request-id>'

/**
 * The last text made for each details: a pure cache. Refusals that are repeated keep their details, so
 * a flood finds its text without comparing what is in them.
 */
const texts = new Map<ProblemDetails, KnownText>()

/**
 * Returns the body of an error as JSON.
 * @param status overrides the code's own
 * @param requestId hex digits
 */
export function problemText(
  shape: ProblemShape,
  code: ProblemCode,
  status: number,
  lang: Lang,
  details: ProblemDetails,
  requestId: string,
): string {
  let known = texts.get(details)
  if (
    known === undefined ||
    known.code !== code ||
    known.lang !== lang ||
    known.status !== status ||
    known.shape !== shape
  ) {
    known = { shape, code, status, lang, parts: problemParts(shape, code, status, lang, details) }
    if (texts.size >= MAX_TEXTS) texts.clear()
    texts.set(details, known)
  }
  return known.parts.join(requestId)
}

/** Returns the body of an error before and after the request's id, as JSON. */
export function problemParts(
  shape: ProblemShape,
  code: ProblemCode,
  status: number,
  lang: Lang,
  details: ProblemDetails,
): readonly string[] {
  const problem = { ...makeProblem(code, ID_MARK, lang, details), status }
  return JSON.stringify(shape === 'openai' ? openAiError(problem) : problem).split(ID_MARK)
}
