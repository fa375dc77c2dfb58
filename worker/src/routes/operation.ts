/**
 * One operation of the API, said once: what serves it, checks requests by it and documents it is the same
 * (openapi.ts).
 */

import type { z } from 'zod'
import type { ProblemCode } from '#contract/problem-codes.ts'
import type { App, AppContext, Identity, Program } from '../context.ts'
import { Failure } from '../failure.ts'
import { requireAdmin, requireProgram, requireUser } from '../guards.ts'
import { mediaType, parseJson, parseQuery } from './json-body.ts'
import { NO_FIELDS } from './no-fields.ts'

export const FORM_TYPE = 'application/x-www-form-urlencoded'

/** Who may use it: everybody, who is signed in, an administrator, or a program with an access token. */
export type Access = 'open' | 'user' | 'admin' | 'program'

/** What a successful answer is like. */
export interface OperationAnswer {
  readonly description: string
  /** Of the JSON body; undefined for answers without one. */
  readonly schema?: z.ZodType
  /** Media type of a body that is no JSON, or of a body that is the other one beside JSON. */
  readonly type?: string
  /** Headers that belong to this answer: what each says, by name. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface OperationSpec {
  /** Unique name, camelCase: it becomes the name of a function in generated clients. */
  readonly id: string
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** With parameters in braces, as OpenAPI writes them: `/api/tokens/{id}`. */
  readonly path: string
  /** Group under which documents show it. */
  readonly tag: string
  /** What it does, in one sentence. */
  readonly summary: string
  /** What else a caller has to know. */
  readonly description?: string
  readonly access: Access
  /** Of the parameters in the path. */
  readonly params?: z.ZodObject
  /** What is answered if a parameter in the path is none; default `not_found`. */
  readonly missing?: ProblemCode
  /** Of the query; none is allowed without it. */
  readonly query?: z.ZodType
  /** Of the headers that the handler reads; they are told only, as no schema can judge them. */
  readonly headers?: z.ZodObject
  /** Of a JSON body. */
  readonly body?: z.ZodType
  /** Of a form that may come instead of the JSON body; the handler gets no body then and reads the form. */
  readonly form?: z.ZodType
  /** Whether nginx counts it toward a limit; default: all but reads, and all under /admin and /v1. */
  readonly isLimited?: boolean
  /** By status. */
  readonly answers: Readonly<Record<number, OperationAnswer>>
  /** Codes that this operation answers beside those that every one may. */
  readonly problems?: readonly ProblemCode[]
}

type OutputOf<S> = S extends z.ZodType ? z.output<S> : undefined

type BodyOf<O extends OperationSpec> =
  | OutputOf<O['body']>
  | (O['form'] extends z.ZodType ? undefined : never)

/** What a handler gets of a request that is as the operation wants it. */
export interface OperationInput<O extends OperationSpec> {
  readonly params: OutputOf<O['params']>
  readonly query: OutputOf<O['query']>
  readonly body: BodyOf<O>
  readonly who: O['access'] extends 'program'
    ? Program
    : O['access'] extends 'open'
      ? undefined
      : Identity
}

/** Returns the operation, typed as it is written. */
export function operation<const O extends OperationSpec>(spec: O): O {
  return spec
}

/**
 * Makes `app` serve an operation. The handler is only called for a request that is allowed and valid.
 * @throws {Failure} while serving: unauthenticated, admin_only, invalid_token, `missing`, and what
 *   parseJson and parseQuery throw
 */
export function serve<O extends OperationSpec>(
  app: App,
  spec: O,
  handler: (c: AppContext, input: OperationInput<O>) => Response | Promise<Response>,
): void {
  const path = spec.path.replace(/\{(\w+)\}/g, ':$1')
  app.on(spec.method.toUpperCase(), path, async (c) => {
    const who = callerOf(c, spec.access)
    const params = spec.params?.safeParse(c.req.param())
    if (params !== undefined && !params.success) throw new Failure(spec.missing ?? 'not_found')
    const query = parseQuery(c, spec.query ?? NO_FIELDS)
    const input = {
      params: params?.data,
      query: spec.query && query,
      body: isForm(c, spec) ? undefined : spec.body && (await parseJson(c, spec.body)),
      who,
    }
    return handler(c, input as OperationInput<O>)
  })
}

function isForm(c: AppContext, { form }: OperationSpec): boolean {
  return form !== undefined && mediaType(c) === FORM_TYPE
}

function callerOf(c: AppContext, access: Access): Identity | Program | undefined {
  if (access === 'open') return undefined
  if (access === 'program') return requireProgram(c)
  return access === 'admin' ? requireAdmin(c) : requireUser(c)
}
