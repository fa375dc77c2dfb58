/** What the provider gets of a program's request: the very text, but for what we have to say ourselves. */

import { createHash } from 'node:crypto'
import { jsonMembers } from './json-members.ts'

export interface BodyChanges {
  /** The model under the provider's own name. */
  readonly model: string
  /** Undefined: the answer may be as long as the provider allows. */
  readonly maxTokens: number | undefined
  /** Opaque name of whom the call is for. */
  readonly user: string
  readonly stream: boolean
}

/**
 * Returns the body to send. The most tokens are called `max_tokens`, whatever the program calls them; a
 * stream tells its usage, whether the program wants to know or not.
 * @param text the program's body, valid JSON with unique members
 * @throws {DuplicateMember} of `stream_options`
 */
export function providerBody(text: string, changes: BodyChanges): string {
  const members = jsonMembers(text)
  const options = members.textOf('stream_options') ?? 'null'
  return members.with({
    model: JSON.stringify(changes.model),
    ...(changes.maxTokens !== undefined && {
      max_tokens: String(changes.maxTokens),
      max_completion_tokens: undefined,
    }),
    ...(changes.stream && {
      stream_options: jsonMembers(options === 'null' ? '{}' : options).with({
        include_usage: 'true',
      }),
    }),
    user_id: JSON.stringify(changes.user),
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
