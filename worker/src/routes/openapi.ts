/** GET /api/openapi.json: the document of the API. */

import { createHash } from 'node:crypto'
import { Hono } from 'hono'
import { etag } from 'hono/etag'
import type { App, AppEnv } from '../context.ts'
import { openApiDocument } from '../openapi.ts'
import { type OperationSpec, operation, serve } from './operation.ts'

const getDocument = operation({
  id: 'getOpenApi',
  method: 'get',
  path: '/api/openapi.json',
  tag: 'This document',
  summary: 'Gives this document.',
  access: 'user',
  answers: {
    200: {
      description: 'OpenAPI 3.1.',
      type: 'application/json',
      headers: { ETag: 'Changes with the document.' },
    },
    304: { description: 'It is the one that If-None-Match names.' },
  },
})

export const OPENAPI_OPERATIONS: readonly OperationSpec[] = [getDocument]

/** @param operations what the document is made of, when it is asked for first */
export function openApiRoutes(operations: () => readonly OperationSpec[]): App {
  const app: App = new Hono<AppEnv>()
  let made: { readonly text: string; readonly tag: string } | undefined

  app.use(getDocument.path, etag())
  serve(app, getDocument, (c) => {
    made ??= make(operations())
    return c.body(made.text, 200, {
      'Content-Type': 'application/json',
      // Kept by the browser, asked about each time.
      'Cache-Control': 'no-cache, private',
      ETag: made.tag,
    })
  })

  return app
}

function make(operations: readonly OperationSpec[]) {
  const text = JSON.stringify(openApiDocument(operations))
  return { text, tag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` }
}
