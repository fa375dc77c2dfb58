/** What the gate answers when it refuses, so that a baseline can answer the same without a script. */

import type { Answer } from './ask.ts'

export interface Refusal {
  readonly status: number
  readonly type: string
  /** What only this answer has; the others are nginx's own or stand in the http block. */
  readonly headers: Readonly<Record<string, string>>
  /** As nginx's `return` takes it: the request id is a variable again. */
  readonly body: string
}

/** Returns the refusal that an answer of the gate is, told from a plain answer of the same server. */
export function refusalOf(answer: Answer, plain: Answer): Refusal {
  const { status, headers, body } = answer
  const own = Object.entries(headers).filter(([name]) => plain.headers[name] === undefined)
  const id = headers['x-request-id'] ?? ''
  if (/['$\\]/.test(body)) throw new RangeError('such a body cannot stand in nginx.conf')
  return {
    status,
    type: headers['content-type'] ?? '',
    headers: Object.fromEntries(own),
    body: id === '' ? body : body.replaceAll(id, '$request_id'),
  }
}
