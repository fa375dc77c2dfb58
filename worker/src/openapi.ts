/** The OpenAPI 3.1 document, made of the operations by which requests are served and checked. */

import { createDocument, type ZodOpenApiObject, type ZodOpenApiOperationObject } from 'zod-openapi'
import type { OperationSpec } from './routes/operation.ts'

/** Returns the document of these operations; serialise it with JSON.stringify. */
export function openApiDocument(
  operations: readonly OperationSpec[],
): ReturnType<typeof createDocument> {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {}
  for (const spec of operations) {
    const path = paths[spec.path] ?? {}
    path[spec.method] = described(spec)
    paths[spec.path] = path
  }
  const document: ZodOpenApiObject = {
    openapi: '3.1.1',
    info: { title: 'Chatgate', version: '1' },
    paths,
  }
  return createDocument(document)
}

function described({ id, tag, summary, description, params, query, body, answers }: OperationSpec) {
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    requestParams: {
      ...(params !== undefined && { path: params }),
      ...(query !== undefined && { query: query as never }),
    },
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: body } } },
    }),
    responses: Object.fromEntries(
      Object.entries(answers).map(([status, answer]) => [
        status,
        {
          description: answer.description,
          ...((answer.schema !== undefined || answer.type !== undefined) && {
            content: {
              [answer.type ?? 'application/json']: {
                ...(answer.schema !== undefined && { schema: answer.schema }),
              },
            },
          }),
        },
      ]),
    ),
  }
}
