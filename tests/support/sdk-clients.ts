/** The clients that programs really use, on their way through the gate. */

import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import OpenAI from 'openai'
import type { Plan } from '../../scripts/stack/plan.ts'
import { type Account, signedIn } from './accounts.ts'
import type { Client } from './client.ts'
import { makeToken } from './program.ts'
import { trust } from './trust.ts'

export interface ProgramOwner {
  readonly account: Account
  /** The owner's browser. */
  readonly client: Client
  readonly token: string
  /** access_tokens.id. */
  readonly tokenId: string
  readonly baseURL: string
}

let trusted: Plan | undefined

/** Makes an account with a token, and lets fetch reach the gate. */
export async function programOwner(plan: Plan): Promise<ProgramOwner> {
  if (trusted !== plan) trust(plan)
  trusted = plan
  const { client, account } = await signedIn(plan)
  const { id, token } = await makeToken(client)
  const baseURL = `https://localhost:${plan.settings.httpsPort}/v1`
  return { account, client, token, tokenId: id, baseURL }
}

/** @param options what a test sets otherwise */
export function openAi(
  { token, baseURL }: Pick<ProgramOwner, 'token' | 'baseURL'>,
  options: Partial<ConstructorParameters<typeof OpenAI>[0]> = {},
): OpenAI {
  return new OpenAI({ apiKey: token, baseURL, maxRetries: 0, ...options })
}

/** @param includeUsage whether it asks for the usage of streams */
export function aiSdk({ token, baseURL }: ProgramOwner, includeUsage = true) {
  return createOpenAICompatible({ name: 'chatgate', apiKey: token, baseURL, includeUsage })
}

/** Returns a user's message alone. */
export function say(content: string): OpenAI.ChatCompletionUserMessageParam[] {
  return [{ role: 'user', content }]
}
