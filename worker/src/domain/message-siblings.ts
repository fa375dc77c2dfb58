/** Which of several attempts at the same point of a conversation a message is. */

import type { MessageSiblings } from '#contract/api.ts'

/** As many are told of one message; whoever has more sees the newest. */
export const MAX_SIBLINGS = 50

/**
 * Returns the place of a message among its siblings.
 * @param newest ids of the children of the message's parent: the newest MAX_SIBLINGS, oldest first
 */
export function siblingsOf(id: string, newest: readonly string[]): MessageSiblings {
  const position = newest.indexOf(id)
  // Older than all that are told.
  return position < 0 ? { ids: [id, ...newest], position: 0 } : { ids: newest, position }
}
