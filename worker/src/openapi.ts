/** The OpenAPI 3.1 document, made of the operations by which requests are served and checked. */

import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiResponseObject,
} from 'zod-openapi'
import packageJson from '../../package.json' with { type: 'json' }
import { errorAnswers } from './openapi-errors.ts'
import {
  ANSWER_HEADERS,
  HEADERS,
  isLimited,
  LIMIT_HEADERS,
  namedHeaders,
} from './openapi-headers.ts'
import { ChatEvent } from './routes/chat-schema.ts'
import {
  type Access,
  FORM_TYPE,
  type OperationAnswer,
  type OperationSpec,
} from './routes/operation.ts'
import { OpenAiError, Problem } from './routes/problem-schema.ts'

const JSON_TYPE = 'application/json'

/** The scheme, and the role that it has to stand for. */
const SECURITY: Readonly<Record<Access, Record<string, string[]>[]>> = {
  open: [],
  user: [{ session: [] }],
  admin: [{ session: ['admin'] }],
  program: [{ token: [] }],
}

/** Returns the document of these operations; serialise it with JSON.stringify. */
export function openApiDocument(
  operations: readonly OperationSpec[],
): ReturnType<typeof createDocument> {
  const errorsOf = errorAnswers()
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {}
  for (const spec of operations) {
    paths[spec.path] = { ...paths[spec.path], [spec.method]: described(spec, errorsOf(spec)) }
  }
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Chatgate',
      version: packageJson.version,
      description: packageJson.description,
      license: { name: packageJson.license, identifier: packageJson.license },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      // The errors refer to the first two by name; a stream is no JSON, so nothing refers to its events.
      schemas: { Problem, OpenAiError, ChatEvent },
      headers: HEADERS,
      securitySchemes: {
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-sid',
          description:
            'Set by POST /login. On a port other than 443 and 8443 its name ends in the port: `__Host-sid-9443`.',
        },
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'An access token, made by POST /api/tokens.',
        },
      },
    },
  })
}

function described(
  spec: OperationSpec,
  errors: ReturnType<ReturnType<typeof errorAnswers>>,
): ZodOpenApiOperationObject {
  const { id, tag, summary, description, params, query, headers, access } = spec
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    security: SECURITY[access],
    requestParams: {
      ...(params !== undefined && { path: params }),
      ...(query !== undefined && { query: query as never }),
      ...(headers !== undefined && { header: headers }),
    },
    ...bodyOf(spec),
    responses: { ...answersOf(spec), ...errors },
  }
}

function bodyOf({ body, form }: OperationSpec): Pick<ZodOpenApiOperationObject, 'requestBody'> {
  if (body === undefined) return {}
  const content = {
    [JSON_TYPE]: { schema: body },
    ...(form !== undefined && { [FORM_TYPE]: { schema: form } }),
  }
  return { requestBody: { required: true, content } }
}

function answersOf(spec: OperationSpec): Readonly<Record<string, ZodOpenApiResponseObject>> {
  const common = { ...ANSWER_HEADERS, ...(isLimited(spec) && LIMIT_HEADERS) }
  return Object.fromEntries(
    Object.entries(spec.answers).map(([status, answer]) => [
      status,
      {
        description: answer.description,
        headers: { ...common, ...namedHeaders(answer.headers ?? {}) },
        ...contentOf(answer),
      },
    ]),
  )
}

function contentOf({ schema, type }: OperationAnswer): Pick<ZodOpenApiResponseObject, 'content'> {
  if (schema === undefined && type === undefined) return {}
  return {
    content: {
      ...(schema !== undefined && { [JSON_TYPE]: { schema } }),
      ...(type !== undefined && { [type]: {} }),
    },
  }
}
