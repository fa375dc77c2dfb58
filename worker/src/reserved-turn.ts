/** Beginning a turn within the quotas of its user. */

import { promptBytes, type Quotas } from './domain/quota.ts'
import type { Turn } from './domain/turn.ts'
import type { Question, Turns } from './stores/turns.ts'

export interface ReservedTurnDeps {
  readonly quotas: Quotas
  readonly turns: Turns
}

/**
 * Stores a turn for which its user's quotas have room, and returns it.
 * @throws {Failure} what `reserve` and `begin` throw; then nothing is reserved
 */
export async function beginReserved(
  { quotas, turns }: ReservedTurnDeps,
  question: Omit<Question, 'reserve'>,
): Promise<Turn> {
  const { requestId, uid, call } = question
  try {
    return await turns.begin({
      ...question,
      reserve: (messages) =>
        quotas.reserve({
          ...{ requestId, uid, token: undefined, model: call.model },
          promptBytes: promptBytes(messages),
          maxTokens: undefined,
        }),
    })
  } catch (error) {
    await quotas.release(requestId)
    throw error
  }
}
