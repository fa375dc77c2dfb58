/** What the keys of the composer mean. */

export type Key = Pick<KeyboardEvent, 'key' | 'shiftKey' | 'isComposing' | 'keyCode'>

/** Enter sends, Shift+Enter does not. */
export function isSendKey(key: Key): boolean {
  return key.key === 'Enter' && !key.shiftKey && !isComposing(key)
}

/** Escape stops the running answer. */
export function isStopKey(key: Key): boolean {
  return key.key === 'Escape' && !isComposing(key)
}

/**
 * Tells whether an input method is at work: its Enter picks a word, its Escape drops one. Safari
 * ends the composition before it sends the key, where only keyCode 229 still tells
 * (UI Events §7.3.1).
 */
function isComposing(key: Key): boolean {
  return key.isComposing || key.keyCode === 229
}
