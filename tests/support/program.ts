/** Programs: clients that come with an access token and read errors as OpenAI's clients do. */

import assert from 'node:assert/strict'
import type { OpenAiError } from '#contract/openai-error.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { type Answer, Client, type Send } from './client.ts'
import { assertGateHeaders } from './response-headers.ts'

/** A client that sends an access token with everything. */
export class Program {
  readonly client: Client
  readonly #token: string | undefined

  /** @param token undefined: without one */
  constructor(plan: Plan, token: string | undefined) {
    this.client = new Client(plan)
    this.#token = token
  }

  send(path: string, options: Send = {}): Promise<Answer> {
    const bearer = this.#token === undefined ? {} : { Authorization: `Bearer ${this.#token}` }
    return this.client.send(path, { ...options, headers: { ...bearer, ...options.headers } })
  }

  models(headers: Send['headers'] = {}): Promise<Answer> {
    return this.send('/v1/models', { headers })
  }
}

/** Makes an access token as its owner would, and returns it with its id. */
export async function makeToken(
  owner: Client,
  body: object = { name: 'test' },
): Promise<{ readonly id: string; readonly token: string }> {
  const answer = await owner.send('/api/tokens', { body })
  assert.equal(answer.status, 201, answer.text)
  return answer.json<{ id: string; token: string }>()
}

/** Asserts that the answer is an error in OpenAI's shape; returns it. */
export function assertOpenAiError(
  answer: Answer,
  status: number,
  type: string,
  code: string,
): OpenAiError['error'] {
  assert.equal(answer.status, status, answer.text)
  assert.match(String(answer.headers['content-type']), /^application\/json\b/)
  assert.equal(answer.headers['cache-control'], 'no-store')
  assertGateHeaders(answer.headers, `an error of ${status}`)
  const body: OpenAiError = JSON.parse(answer.text)
  assert.deepEqual(Object.keys(body), ['error'])
  assert.deepEqual(Object.keys(body.error), ['message', 'type', 'param', 'code'])
  assert.deepEqual([body.error.type, body.error.code], [type, code])
  assert.match(body.error.message, /\S/)
  return body.error
}
