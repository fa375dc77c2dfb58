/** Reading and checking what a client sends: JSON bodies and query parameters. */

import { z } from 'zod'
import type { FieldError } from '#contract/problem.ts'
import type { AppContext } from '../context.ts'
import { Failure } from '../failure.ts'

const chineseMessages = z.locales.zhCN().localeError
const englishMessages = z.locales.en().localeError

/**
 * Returns the request's JSON body as the schema's output. Give it a `z.strictObject`, so that a
 * misspelt field is an error and not silently ignored.
 * @throws {Failure} unsupported_media_type, invalid_json, or invalid_request naming each wrong field
 */
export async function parseJson<S extends z.ZodType>(
  c: AppContext,
  schema: S,
): Promise<z.output<S>> {
  if (mediaType(c) !== 'application/json') throw new Failure('unsupported_media_type')
  return checked(c, schema, await readJson(c))
}

/**
 * Returns the query parameters as the schema's output; a parameter given twice is an error.
 * @throws {Failure} invalid_request naming each wrong parameter
 */
export function parseQuery<S extends z.ZodType>(c: AppContext, schema: S): z.output<S> {
  const entries = Object.entries(c.req.queries()).map(
    ([name, values]) => [name, values.length === 1 ? values[0] : values] as const,
  )
  return checked(c, schema, Object.fromEntries(entries))
}

/** Returns the media type of the body in lower case without parameters, empty if there is none. */
export function mediaType(c: AppContext): string {
  const [type = ''] = (c.req.header('Content-Type') ?? '').split(';')
  return type.trim().toLowerCase()
}

async function readJson(c: AppContext): Promise<unknown> {
  const bytes = await c.req.arrayBuffer()
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new Failure('invalid_json', {}, { cause })
  }
}

/** Returns the value as the schema's output, or throws invalid_request in the caller's language. */
function checked<S extends z.ZodType>(c: AppContext, schema: S, value: unknown): z.output<S> {
  const error = c.var.lang === 'zh-CN' ? chineseMessages : englishMessages
  const result = schema.safeParse(value, { error })
  if (result.success) return result.data
  throw new Failure('invalid_request', { errors: fieldErrors(result.error.issues, error) })
}

/** Enough to mend a request by; a body may hold ten thousands of wrong fields. */
const MAX_ERRORS = 50
const MAX_FIELD_CHARACTERS = 200

/** Unknown keys are reported under their own names, each by itself, not under the object that holds them. */
function fieldErrors(
  issues: readonly z.core.$ZodIssue[],
  words: z.core.$ZodErrorMap,
): readonly FieldError[] {
  const errors: FieldError[] = []
  for (const issue of issues) {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [undefined]
    for (const key of keys) {
      if (errors.length === MAX_ERRORS) return errors
      errors.push(key === undefined ? ofPath(issue) : ofKey(issue, key, words))
    }
  }
  return errors
}

function ofPath({ path, message }: Pick<z.core.$ZodIssue, 'path' | 'message'>): FieldError {
  return { field: path.map(String).join('.').slice(0, MAX_FIELD_CHARACTERS), message }
}

/** In words of its own, because the issue's name all keys. */
function ofKey({ path }: z.core.$ZodIssue, name: string, words: z.core.$ZodErrorMap): FieldError {
  const key = name.slice(0, MAX_FIELD_CHARACTERS)
  const said = words({ code: 'unrecognized_keys', keys: [key], path: [...path], input: undefined })
  return ofPath({ path: [...path, key], message: typeof said === 'string' ? said : key })
}
