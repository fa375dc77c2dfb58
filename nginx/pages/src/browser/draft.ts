/**
 * The unsent message, kept in the browser so that signing in again or a reload does not lose it.
 * It belongs to the user who wrote it: the next person at this browser does not see it.
 */

const KEY = 'chatgate.draft'
/** Longest draft that is kept, in characters; storage is small and shared. */
const MAX_LENGTH = 50_000

interface StoredDraft {
  /** users.id of the writer, or null while it was not known yet. */
  readonly uid: string | null
  readonly text: string
}

export interface Drafts {
  /** Returns the draft of a user, or an empty text. */
  load(uid: string): string
  save(uid: string | null, text: string): void
  clear(): void
}

/** Returns the draft kept in a storage; a storage that is full or forbidden keeps nothing. */
export function createDrafts(storage: () => Storage): Drafts {
  return {
    load(uid) {
      const draft = attempt(() => parseDraft(storage().getItem(KEY)))
      return draft !== undefined && (draft.uid === null || draft.uid === uid) ? draft.text : ''
    },
    save(uid, text) {
      const draft: StoredDraft = { uid, text: text.slice(0, MAX_LENGTH) }
      attempt(() => {
        if (text === '') storage().removeItem(KEY)
        else storage().setItem(KEY, JSON.stringify(draft))
      })
    },
    clear() {
      attempt(() => storage().removeItem(KEY))
    },
  }
}

function parseDraft(stored: string | null): StoredDraft | undefined {
  const draft: Partial<StoredDraft> | null = JSON.parse(stored ?? 'null')
  if (typeof draft?.text !== 'string') return undefined
  return { uid: typeof draft.uid === 'string' ? draft.uid : null, text: draft.text }
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}
