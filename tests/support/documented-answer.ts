/** Whether answers are what the OpenAPI document says of them. */

import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { createParser } from 'eventsource-parser'
import type { z } from 'zod'
import {
  answerOf,
  codesOf,
  type DescribedAnswer,
  type Document,
  type Operation,
  type Schema,
  schemaIn,
} from './openapi.ts'

export interface GivenAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** Headers that need not be there: nobody knows when, or another limit has refused. */
const OPTIONAL = ['retry-after', 'ratelimit', 'ratelimit-policy']

export interface AnswerCheck {
  /** Asserts that status, headers, media type and body are as the document says. */
  readonly check: (operation: Operation, answer: GivenAnswer) => void
}

/** Returns the check by a document. */
export function answerCheck(document: Document): AnswerCheck {
  const schemas = new Map<Schema, z.ZodType>()
  const schemaOf = (schema: Schema) => {
    const known = schemas.get(schema) ?? schemaIn(document, schema)
    schemas.set(schema, known)
    return known
  }
  const event = schemaIn(document, { $ref: '#/components/schemas/ChatEvent' })

  return {
    check(operation, answer) {
      const what = `${operation.operationId}, ${answer.status}`
      const described = answerOf(document, operation, answer.status)
      assert.ok(described !== undefined, `${what} is not documented: ${answer.text.slice(0, 500)}`)
      assertHeaders(described, answer, what)
      const { content } = described
      const type = mediaType(answer.headers)
      if (content === undefined) {
        assert.deepEqual([answer.text, type], ['', ''], what)
        return
      }
      assert.ok(content[type] !== undefined, `${what} is ${type}`)
      const { schema } = content[type]
      if (schema !== undefined) assertFits(schemaOf(schema), JSON.parse(answer.text), what)
      if (type === 'text/event-stream') {
        for (const found of eventsIn(answer.text)) assertFits(event, found, what)
      }
      if (answer.status >= 400) {
        const { code, error } = JSON.parse(answer.text)
        const codes = codesOf(document, operation, answer.status)
        assert.ok(codes.includes(code ?? error.code), `${what} ${answer.text}`)
      }
    },
  }
}

function assertHeaders({ headers = {} }: DescribedAnswer, answer: GivenAnswer, what: string): void {
  const isError = answer.status >= 400
  for (const name of Object.keys(headers).map((each) => each.toLowerCase())) {
    if (isError && OPTIONAL.includes(name)) continue
    assert.ok(answer.headers[name] !== undefined, `${what} has no ${name}`)
  }
  if (isError) return
  // What counts is told, and what is told counts.
  const isTold = 'RateLimit' in headers
  assert.equal(answer.headers['ratelimit'] !== undefined, isTold, `RateLimit of ${what}`)
}

function mediaType(headers: IncomingHttpHeaders): string {
  return headers['content-type']?.split(';')[0]?.trim() ?? ''
}

function assertFits(schema: z.ZodType, value: unknown, what: string): void {
  const { error } = schema.safeParse(value)
  assert.ok(
    error === undefined,
    `${what}: ${error?.message}\n${JSON.stringify(value).slice(0, 2000)}`,
  )
}

function eventsIn(text: string): readonly unknown[] {
  const events: unknown[] = []
  const parser = createParser({
    onEvent: ({ event, data }) => events.push({ event, data: JSON.parse(data) }),
  })
  parser.feed(text)
  assert.ok(events.length > 1, text)
  return events
}
