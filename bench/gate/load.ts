/** What is asked, over and over; the same bytes for every variant of a scenario. */

import type { Person } from '../support/people.ts'

export interface Load {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** One set per request, in turn. */
  readonly headers: readonly Readonly<Record<string, string>>[]
  readonly body: string | undefined
}

const CHAT = JSON.stringify({ message: 'What is the gate?', stream: false })

/** Returns GET /api/me, each time by the next of these cookies. */
export function reading(cookieName: string, cookies: readonly string[]): Load {
  return {
    method: 'GET',
    path: '/api/me',
    headers: cookies.map((cookie) => headersOf(cookieName, cookie)),
    body: undefined,
  }
}

/** Returns a POST, each time by the next of these people. */
export function posting(cookieName: string, people: readonly Person[], path: string): Load {
  return {
    method: 'POST',
    path,
    headers: people.map(({ cookie }) => ({
      ...headersOf(cookieName, cookie),
      'Content-Type': 'application/json',
      'Content-Length': String(CHAT.length),
    })),
    body: CHAT,
  }
}

function headersOf(name: string, cookie: string): Record<string, string> {
  return {
    Accept: 'application/json',
    'Sec-Fetch-Site': 'same-origin',
    Cookie: `${name}=${cookie}`,
  }
}

/** Returns the requests as they go over the wire (HTTP/1.1, kept alive). */
export function rawRequests({ method, path, headers, body = '' }: Load): readonly string[] {
  return headers.map((own) => {
    const lines = Object.entries({ Host: '127.0.0.1', ...own }).map((pair) => pair.join(': '))
    return [`${method} ${path} HTTP/1.1`, ...lines, '', body].join('\r\n')
  })
}
