/** The OpenAPI document as a client reads it. */

import { z } from 'zod'

/** A JSON Schema of the document. */
export type Schema = Readonly<Record<string, unknown>>

interface Content {
  readonly schema?: Schema
}

export interface DescribedAnswer {
  readonly headers?: Readonly<Record<string, unknown>>
  readonly content?: Readonly<Record<string, Content>>
}

export interface Parameter {
  readonly in: 'path' | 'query' | 'header'
  readonly name: string
  readonly schema: Schema
  readonly required?: boolean
}

interface DescribedOperation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> }
  readonly responses: Readonly<Record<string, DescribedAnswer | { readonly $ref: string }>>
}

export interface Document {
  readonly openapi: string
  readonly info: { readonly version: string }
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly responses: Readonly<Record<string, DescribedAnswer>>
    readonly securitySchemes: Readonly<Record<string, unknown>>
  }
}

export interface Operation extends DescribedOperation {
  /** In upper case. */
  readonly method: string
  /** With parameters in braces. */
  readonly path: string
}

export function operationsIn({ paths }: Document): readonly Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      ...described,
      method: method.toUpperCase(),
      path,
    })),
  )
}

/** Returns the operation that serves a request, or undefined. @param path without its query */
export function operationFor(
  operations: readonly Operation[],
  method: string,
  path: string,
): Operation | undefined {
  const own = operations.filter((operation) => operation.method === method)
  const matches = (operation: Operation) =>
    new RegExp(`^${operation.path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(
      path,
    )
  return own.find((operation) => operation.path === path) ?? own.find(matches)
}

/** Returns what the operation says about answers with a status, or undefined. */
export function answerOf(
  document: Document,
  { responses }: Operation,
  status: number,
): DescribedAnswer | undefined {
  const found = responses[String(status)]
  if (found === undefined || !('$ref' in found)) return found
  return document.components.responses[found.$ref.replace('#/components/responses/', '')]
}

/** Returns the error codes that the operation may answer with a status. */
export function codesOf(
  document: Document,
  operation: Operation,
  status: number,
): readonly string[] {
  const schemas = Object.values(answerOf(document, operation, status)?.content ?? {})
  const lists = /"code":\{"enum":(\[[^\]]*\])/g
  return schemas.flatMap(({ schema }) =>
    [...JSON.stringify(schema ?? {}).matchAll(lists)].flatMap(([, list = '[]']): string[] =>
      JSON.parse(list),
    ),
  )
}

/** Returns what checks values by a schema of the document. */
export function schemaIn({ components }: Document, schema: Schema): z.ZodType {
  const text = JSON.stringify({ ...schema, $defs: components.schemas })
  return z.fromJSONSchema(JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')))
}
