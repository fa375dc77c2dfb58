import type { ComponentChildren } from 'preact'
import type { PagedList } from '../api/paged-list.ts'
import { usage as words } from '../words/current.ts'
import { type Column, DataTable } from './data-table.tsx'
import { LoadState } from './load-state.tsx'

interface PagedTableProps<T> {
  readonly labelledBy: string
  readonly list: PagedList<T>
  readonly columns: readonly Column<T>[]
  readonly keyOf: (row: T) => string
  /** Shown in place of an empty table. */
  readonly empty: ComponentChildren
}

/** A paged list as a table: its rows, or why there are none, and the way to more. */
export function PagedTable<T>({ labelledBy, list, columns, keyOf, empty }: PagedTableProps<T>) {
  const items = list.items.value
  const isIdle = !list.isLoading.value && list.trouble.value === undefined
  return (
    <>
      {items?.length === 0 && isIdle && <div class="empty">{empty}</div>}
      {items !== undefined && items.length > 0 && (
        <DataTable labelledBy={labelledBy} columns={columns} rows={items} keyOf={keyOf} />
      )}
      <LoadState source={list} retry={list.retry} />
      {list.hasMore.value && isIdle && (
        <button type="button" class="button more" onClick={list.loadMore}>
          {words.loadMore}
        </button>
      )}
    </>
  )
}
