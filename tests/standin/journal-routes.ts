/** The stand-in's own endpoints under /__standin/, for tests: they are not part of DeepSeek's API. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Journal, Selection } from './journal.ts'

const PREFIX = '/__standin/'
const DEFAULT_TIMEOUT_MS = 5000
const MAX_TIMEOUT_MS = 600_000

/** Answers a request to /__standin/ and returns true, or returns false for any other path. */
export function serveJournal(
  journal: Journal,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const url = new URL(request.url ?? '/', 'http://standin')
  if (!url.pathname.startsWith(PREFIX)) return false
  request.resume()
  const query = url.searchParams
  const after = readCount(query.get('after'), 0, Number.MAX_SAFE_INTEGER)
  const timeoutMs = readCount(query.get('timeout'), DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS)
  if (after === undefined || timeoutMs === undefined) {
    send(response, 400, { error: 'after and timeout must be whole numbers' })
    return true
  }
  const selection: Selection = { requestId: query.get('request_id') ?? undefined, after }
  switch (`${request.method} ${url.pathname.slice(PREFIX.length)}`) {
    case 'GET health':
      send(response, 200, { status: 'ok' })
      break
    case 'GET requests':
      send(response, 200, journal.list(selection))
      break
    case 'DELETE requests':
      journal.clear()
      response.writeHead(204).end()
      break
    case 'GET requests/next-end':
      void journal.nextEnd(selection, timeoutMs).then((record) => {
        if (record !== undefined) send(response, 200, record)
        else send(response, 504, { error: `no such request ended within ${timeoutMs} ms` })
      })
      break
    default:
      send(response, 404, { error: 'no such endpoint of the stand-in' })
  }
  return true
}

function readCount(text: string | null, byDefault: number, max: number): number | undefined {
  if (text === null) return byDefault
  return /^\d{1,15}$/.test(text) && Number(text) <= max ? Number(text) : undefined
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
