/** What the stand-in's own tests share: a fresh stand-in and short ways to ask it. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { RequestRecord } from './journal.ts'
import { createStandin, type Standin, type StandinOptions } from './server.ts'

export const KEY = 'sk-test-abcd1234'

/** 2026-01-02T03:04:05Z */
export const NOW_MS = 1_767_323_045_000

export interface RunningStandin extends Standin {
  readonly url: string
  readonly port: number
}

/** Starts a stand-in on a free port; it is closed when the test ends. */
export async function startStandin(
  test: TestContext,
  options: StandinOptions = {},
): Promise<RunningStandin> {
  const standin = createStandin({ now: () => NOW_MS, ...options })
  const port = await standin.listen(0)
  test.after(() => standin.close())
  return { ...standin, port, url: `http://127.0.0.1:${port}` }
}

/** Returns the record of the request with this ordinal once it has ended; none may follow it. */
export async function endOf(standin: Standin, ordinal: number): Promise<RequestRecord> {
  const record = await standin.requests.nextEnd({ after: ordinal - 1 }, 5000)
  return record ?? assert.fail(`request ${ordinal} has not ended`)
}

export interface Question {
  readonly content?: unknown
  /** Other fields of the body. */
  readonly fields?: object
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** Returns the body that asks `content` of deepseek-flash without thinking. */
export function chatBody(content: unknown, fields: object = {}): string {
  return JSON.stringify({
    model: 'deepseek-flash',
    messages: [{ role: 'user', content }],
    thinking: { type: 'disabled' },
    ...fields,
  })
}

/** Asks the stand-in; by default a stream of two words without pauses. */
export function ask(standin: RunningStandin, question: Question = {}): Promise<Response> {
  const { content = 'standin: delay=0 text="Hi there"', fields = {}, headers, signal } = question
  return fetch(`${standin.url}/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${KEY}`,
      'content-type': 'application/json',
      ...headers,
    },
    body: chatBody(content, { stream: true, ...fields }),
    ...(signal !== undefined && { signal }),
  })
}

/** Returns the data lines of a stream whose lines end with LF. */
export function dataLines(body: string): readonly string[] {
  return body
    .split('\n\n')
    .filter((event) => event.startsWith('data: '))
    .map((event) => event.slice('data: '.length))
}

/** Returns the message of an error answer. */
export async function errorMessage(response: Response): Promise<string> {
  const body = (await response.json()) as { error: { message: string } }
  return body.error.message
}
