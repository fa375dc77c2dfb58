/** What the provider gets of a program's request: the very text, but for what we have to say ourselves. */

import { createHash } from 'node:crypto'
import { type JsonMembers, jsonMembers } from './json-members.ts'

export interface BodyChanges {
  /** The model under the provider's own name. */
  readonly model: string
  /** Opaque name of whom the call is for. */
  readonly user: string
  readonly stream: boolean
}

/**
 * Returns the body to send. A stream tells its usage, whether the program wants to know or not.
 * @param members of the program's body
 * @throws {DuplicateMember} of `stream_options`
 */
export function providerBody(members: JsonMembers, { model, user, stream }: BodyChanges): string {
  const given = members.textOf('stream_options') ?? 'null'
  const options = jsonMembers(given === 'null' ? '{}' : given)
  return members.with({
    model: JSON.stringify(model),
    ...(stream && { stream_options: options.with({ include_usage: 'true' }) }),
    user_id: JSON.stringify(user),
  })
}

/**
 * Returns the body with this bound to its answer, under the one name that the provider knows.
 * @param maxTokens undefined: as long as the provider allows
 */
export function boundedBody(body: string, maxTokens: number | undefined): string {
  if (maxTokens === undefined) return body
  return jsonMembers(body).with({
    max_tokens: String(maxTokens),
    max_completion_tokens: undefined,
  })
}

/**
 * Returns the name under which the provider knows whom a call is for: the token's owner, and apart from
 * each other those whom the program itself tells apart.
 * @param tag of the owner (user-tag.ts)
 * @param userId the program's own `user_id`
 */
export function forwardedUser(tag: string, userId: string | null | undefined): string {
  if (!userId) return tag
  return `${tag}-${createHash('sha256').update(userId).digest('hex').slice(0, 32)}`
}
