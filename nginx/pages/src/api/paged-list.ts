/** A list that the server hands out page by page. */

import { batch, computed, type ReadonlySignal, signal } from '@preact/signals'
import type { Page } from '#contract/api.ts'
import { type Trouble, troubleOf } from './trouble.ts'

export interface PagedList<T> {
  /** What has been loaded so far, or undefined before the first page. */
  readonly items: ReadonlySignal<readonly T[] | undefined>
  readonly trouble: ReadonlySignal<Trouble | undefined>
  readonly isLoading: ReadonlySignal<boolean>
  readonly hasMore: ReadonlySignal<boolean>
  /** Loads the first page anew; never rejects. */
  reload(): Promise<void>
  /** Appends the next page; never rejects. */
  loadMore(): Promise<void>
  /** Repeats the load that failed; never rejects. */
  retry(): Promise<void>
}

/**
 * Returns a list that has not been loaded yet. A later load makes the answer of an earlier one void,
 * so that a slow page never lands in a list that was filtered anew.
 * @param fetchPage loads one page; `cursor` is undefined for the first
 */
export function createPagedList<T>(
  fetchPage: (cursor: string | undefined) => Promise<Page<T>>,
): PagedList<T> {
  const items = signal<readonly T[] | undefined>(undefined)
  const next = signal<string | null>(null)
  const trouble = signal<Trouble | undefined>(undefined)
  const isLoading = signal(false)
  let latest = 0
  let lastCursor: string | undefined

  async function load(cursor: string | undefined): Promise<void> {
    const run = ++latest
    lastCursor = cursor
    isLoading.value = true
    try {
      const page = await fetchPage(cursor)
      if (run !== latest) return
      batch(() => {
        items.value = cursor === undefined ? page.items : [...(items.value ?? []), ...page.items]
        next.value = page.next
        trouble.value = undefined
      })
    } catch (error) {
      if (run === latest) trouble.value = troubleOf(error)
    } finally {
      if (run === latest) isLoading.value = false
    }
  }

  return {
    items,
    trouble,
    isLoading,
    hasMore: computed(() => next.value !== null),
    reload: () => load(undefined),
    retry: () => load(lastCursor),
    loadMore: async () => {
      if (next.value !== null && !isLoading.value) await load(next.value)
    },
  }
}

/** Returns a path with those query parameters that have a value. */
export function withQuery(
  path: string,
  query: Readonly<Record<string, string | undefined>>,
): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') params.set(name, value)
  }
  return params.size === 0 ? path : `${path}?${params}`
}
