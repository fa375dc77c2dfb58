/** Calls of the model by OpenAI's client, and what the stand-in saw of them. */

import assert from 'node:assert/strict'
import type OpenAI from 'openai'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { say } from './sdk-clients.ts'
import { type RecordedCall, recordedCalls } from './standin-journal.ts'

export const MODEL = 'deepseek-flash'

type Params = Omit<
  OpenAI.ChatCompletionCreateParamsNonStreaming,
  'model' | 'messages' | 'stream'
> & {
  thinking?: { type: 'enabled' | 'disabled' }
}

/** Has the stand-in do what the script says, not streamed. */
export function whole(ai: OpenAI, script: string, params: Params = {}) {
  const messages = say(directed(script))
  return ai.chat.completions.create({ model: MODEL, messages, ...params })
}

function directed(script: string): string {
  return `standin: ${/\bdelay=/.test(script) ? '' : 'delay=0 '}${script}`
}

/** The same, streamed. */
export function streamed(ai: OpenAI, script: string, params: Params = {}) {
  const messages = say(directed(script))
  return ai.chat.completions.create({ model: MODEL, messages, ...params, stream: true })
}

export type Chunks = readonly OpenAI.ChatCompletionChunk[]

export async function chunksOf(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<Chunks> {
  const chunks: OpenAI.ChatCompletionChunk[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return chunks
}

/** Returns the text of one of the two kinds that DeepSeek has. */
export function textOf(chunks: Chunks, part: 'content' | 'reasoning_content'): string {
  return chunks
    .map(({ choices }) => choices[0]?.delta as Record<string, string> | undefined)
    .map((delta) => delta?.[part] ?? '')
    .join('')
}

/** Returns the body that the stand-in got. */
export async function bodyOf(
  plan: Plan,
  requestId: string | null | undefined,
): Promise<Record<string, unknown>> {
  const [call] = await recordedCalls(plan, requestId ?? '')
  assert.ok(call !== undefined)
  return call.body
}

/** Returns the calls whose body holds this mark. */
export async function callsWith(plan: Plan, mark: string): Promise<readonly RecordedCall[]> {
  const url = `http://127.0.0.1:${plan.settings.standinPort}/__standin/requests`
  const all = (await (await fetch(url)).json()) as readonly RecordedCall[]
  return all.filter(({ body }) => JSON.stringify(body).includes(mark))
}

/** Returns the request id of the call with this mark, once the provider has it. */
export function beganWith(plan: Plan, mark: string): Promise<string> {
  return waitFor(async () => {
    const [call] = await callsWith(plan, mark)
    if (call === undefined) throw new Error('the provider has no such call')
    return call.request_id
  }, 10_000)
}
