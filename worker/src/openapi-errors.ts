/** Which errors an operation may answer, by status, and how the document shows them. */

import type { ZodOpenApiResponseObject } from 'zod-openapi'
import { openAiError } from '#contract/openai-error.ts'
import { makeProblem, PROBLEM_TYPE, problemStatus } from '#contract/problem.ts'
import { PROBLEMS, type ProblemCode } from '#contract/problem-codes.ts'
import { ERROR_HEADERS, isLimited, LIMIT_HEADERS } from './openapi-headers.ts'
import type { Access, OperationSpec } from './routes/operation.ts'

/** Whatever is asked: nginx does not understand it, it is too large, or a part is away. */
const ALWAYS: readonly ProblemCode[] = [
  'bad_request',
  'invalid_request',
  'payload_too_large',
  'uri_too_long',
  'header_too_large',
  'flood',
  'internal',
  'worker_unavailable',
  'storage_unavailable',
  'session_store_unavailable',
]

const ADDRESS_UNREAD = problemStatus('uri_too_long')

const BY_ACCESS: Readonly<Record<Access, readonly ProblemCode[]>> = {
  open: [],
  user: ['unauthenticated', 'password_change_required'],
  admin: ['unauthenticated', 'password_change_required', 'admin_only'],
  program: ['invalid_token', 'password_change_required'],
}

/** Returns the codes that an operation may answer. */
export function problemsOf(spec: OperationSpec): readonly ProblemCode[] {
  const codes = [
    ...ALWAYS,
    ...BY_ACCESS[spec.access],
    // A program's token is sent by nobody but the program.
    ...(spec.method === 'get' || spec.access === 'program' ? [] : (['cross_site'] as const)),
    ...(spec.body === undefined ? [] : (['invalid_json', 'unsupported_media_type'] as const)),
    ...(spec.params === undefined ? [] : [spec.missing ?? 'not_found']),
    ...(isLimited(spec) ? (['rate_limited', 'limits_unavailable'] as const) : []),
    ...(spec.problems ?? []),
  ]
  return (Object.keys(PROBLEMS) as ProblemCode[]).filter((code) => codes.includes(code))
}

/**
 * Returns what gives an operation's errors by status, each with a closed list of codes. Operations of one
 * document whose errors of a status are alike share the answer.
 */
export function errorAnswers(): (
  spec: OperationSpec,
) => Readonly<Record<string, ZodOpenApiResponseObject>> {
  const known = new Map<string, ZodOpenApiResponseObject>()
  return (spec) => {
    const codes = problemsOf(spec)
    const answers = [...new Set(codes.map(problemStatus))].map((status) => {
      const made = answer(spec, status, codes)
      const shared = known.get(made.id ?? '') ?? made
      if (made.id !== undefined) known.set(made.id, shared)
      return [String(status), shared] as const
    })
    return Object.fromEntries(answers)
  }
}

/** It is named after all that makes it what it is, unless the operation has codes of its own in it. */
function answer(
  spec: OperationSpec,
  status: number,
  problems: readonly ProblemCode[],
): ZodOpenApiResponseObject {
  const codes = problems.filter((code) => problemStatus(code) === status)
  // Of an address that is too long nginx does not know that it is one of /v1.
  const shape = spec.access === 'program' && status !== ADDRESS_UNREAD ? OPENAI : PROBLEM
  const hasLimits = isLimited(spec) && status === 429
  const isOwn = spec.problems?.some((code) => codes.includes(code)) === true
  const id = [shape.name, status, ...codes, ...(hasLimits ? ['limits'] : [])].join('.')
  return {
    ...(!isOwn && { id }),
    description: codes.map((code) => `- \`${shape.codeOf(code)}\`: ${text(code)}`).join('\n'),
    headers: { ...ERROR_HEADERS, ...(hasLimits && LIMIT_HEADERS) },
    content: { [shape.type]: { schema: shape.schema(codes.map(shape.codeOf)) } },
  }
}

/** Placeholders of an occurrence stand for themselves here. */
function text(code: ProblemCode): string {
  return PROBLEMS[code].en.detail
}

const PROBLEM = {
  name: 'Problem',
  type: PROBLEM_TYPE,
  codeOf: (code: ProblemCode): string => code,
  schema: (codes: readonly string[]) => ({
    allOf: [
      { $ref: '#/components/schemas/Problem' },
      { properties: { code: { enum: [...codes] } } },
    ],
  }),
}

const OPENAI = {
  name: 'OpenAiError',
  type: 'application/json',
  codeOf: (code: ProblemCode): string => openAiError(makeProblem(code, '', 'en')).error.code,
  schema: (codes: readonly string[]) => ({
    allOf: [
      { $ref: '#/components/schemas/OpenAiError' },
      { properties: { error: { properties: { code: { enum: [...codes] } } } } },
    ],
  }),
}
