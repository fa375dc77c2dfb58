/** GET /api/openapi.json: the document of the API. */

import { createHash } from 'node:crypto'
import { Hono } from 'hono'
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

  serve(app, getDocument, (c) => {
    made ??= make(operations())
    // Kept by whoever asked, and asked about each time.
    c.header('Cache-Control', 'no-cache, private')
    c.header('ETag', made.tag)
    if (names(c.req.header('If-None-Match'), made.tag)) return c.body(null, 304)
    return c.body(made.text, 200, { 'Content-Type': 'application/json' })
  })

  return app
}

function make(operations: readonly OperationSpec[]) {
  const text = JSON.stringify(openApiDocument(operations))
  return { text, tag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` }
}

/** nginx makes a tag weak when it compresses what the tag is of (RFC 9110 §13.1.2). */
function names(ifNoneMatch: string | undefined, tag: string): boolean {
  const tags = ifNoneMatch?.split(',').map((text) => text.trim().replace(/^W\//, '')) ?? []
  return tags.includes(tag) || tags.includes('*')
}
