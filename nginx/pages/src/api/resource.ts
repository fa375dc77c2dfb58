/** Something that is loaded from the server and may be loaded again. */

import { batch, type ReadonlySignal, signal } from '@preact/signals'
import { type Trouble, troubleOf } from './trouble.ts'

export interface Resource<T> {
  /** What was loaded last; stays while a later load runs or fails. */
  readonly data: ReadonlySignal<T | undefined>
  /** Why the last load failed. */
  readonly trouble: ReadonlySignal<Trouble | undefined>
  readonly isLoading: ReadonlySignal<boolean>
  /** When `data` was loaded, Unix ms. */
  readonly loadedAt: ReadonlySignal<number | undefined>
  /** Loads again; never rejects. */
  load(): Promise<void>
}

/** Returns a resource that has not been loaded yet. Of two loads at a time the later one counts. */
export function createResource<T>(fetchData: () => Promise<T>): Resource<T> {
  const data = signal<T | undefined>(undefined)
  const trouble = signal<Trouble | undefined>(undefined)
  const isLoading = signal(false)
  const loadedAt = signal<number | undefined>(undefined)
  let latest = 0

  async function load(): Promise<void> {
    const run = ++latest
    isLoading.value = true
    try {
      const loaded = await fetchData()
      if (run !== latest) return
      batch(() => {
        data.value = loaded
        loadedAt.value = Date.now()
        trouble.value = undefined
      })
    } catch (error) {
      if (run === latest) trouble.value = troubleOf(error)
    } finally {
      if (run === latest) isLoading.value = false
    }
  }

  return { data, trouble, isLoading, loadedAt, load }
}
