/** One request with everything that answers it. */

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { answerHeaders } from './answer-headers.ts'
import { ApiError } from './api-error.ts'
import type { RequestRecord } from './journal.ts'
import type { Outlet } from './outlet.ts'

export interface Exchange {
  readonly headers: IncomingHttpHeaders
  /** The request's body, empty if it had none. */
  readonly body: string
  readonly traceId: string
  readonly outlet: Outlet
  readonly record: RequestRecord
}

/** A prompt of a million tokens fits, with its JSON around it. */
const MAX_BODY_BYTES = 32 * 1024 * 1024

const HEADERS_OF_INTEREST = ['x-request-id', 'user-agent', 'accept', 'content-type'] as const

/**
 * Returns the body as text.
 * @throws {ApiError} 413 above 32 MiB
 */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    // Reading goes on: a client that is still sending would not see the answer.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  if (bytes > MAX_BODY_BYTES) throw new ApiError(413, 'Request body too large')
  return Buffer.concat(chunks).toString('utf8')
}

/** Returns the headers that the journal keeps; a key is reduced to its last four characters. */
export function journalHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {}
  for (const name of HEADERS_OF_INTEREST) {
    const value = headers[name]
    if (typeof value === 'string') kept[name] = value
  }
  if (headers.authorization !== undefined) {
    kept['authorization'] = `****${headers.authorization.slice(-4)}`
  }
  return kept
}

/** Sends one JSON body, chunked as the provider does. */
export async function sendJson(exchange: Exchange, body: unknown): Promise<void> {
  const { outlet, record, traceId } = exchange
  outlet.start(200, answerHeaders('application/json', traceId))
  record.status = 200
  await outlet.write(JSON.stringify(body))
  outlet.end('complete')
}
