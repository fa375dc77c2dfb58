/** Bodies of errors, put together once and then only given the request's id. */

import type { Lang } from '../contract/lang.ts'
import { openAiError } from '../contract/openai-error.ts'
import { makeProblem, type ProblemDetails } from '../contract/problem.ts'
import type { ProblemCode } from '../contract/problem-codes.ts'

/** Who reads an error: our own pages and clients, or clients made for OpenAI's API. */
export type ProblemShape = 'problem' | 'openai'

interface ProblemKind {
  readonly shape: ProblemShape
  readonly code: ProblemCode
  /** Overrides the code's own. */
  readonly status: number
  readonly lang: Lang
}

interface KnownText extends ProblemKind {
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
 * @param requestId hex digits
 */
export function problemText(kind: ProblemKind, details: ProblemDetails, requestId: string): string {
  const known = texts.get(details)
  if (known !== undefined && isSameKind(known, kind)) return known.parts.join(requestId)
  const parts = makeParts(kind, details)
  if (texts.size >= MAX_TEXTS) texts.clear()
  texts.set(details, { ...kind, parts })
  return parts.join(requestId)
}

function makeParts({ shape, code, status, lang }: ProblemKind, details: ProblemDetails) {
  const problem = { ...makeProblem(code, ID_MARK, lang, details), status }
  return JSON.stringify(shape === 'openai' ? openAiError(problem) : problem).split(ID_MARK)
}

function isSameKind(one: ProblemKind, other: ProblemKind): boolean {
  return (
    one.code === other.code &&
    one.lang === other.lang &&
    one.status === other.status &&
    one.shape === other.shape
  )
}
