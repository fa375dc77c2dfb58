import type { ComponentChildren } from 'preact'

/** One column of a table; `render` gives the cell of a row. */
export interface Column<T> {
  readonly name: string
  readonly title: string
  /** Numbers stand at the right so that their digits line up. */
  readonly isNumber?: boolean
  readonly render: (row: T) => ComponentChildren
}

interface DataTableProps<T> {
  /** Id of the heading that names the table. */
  readonly labelledBy: string
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly keyOf: (row: T) => string
}

/** A table that becomes a list of labelled cards on a narrow screen (styles/table.css). */
export function DataTable<T>({ labelledBy, columns, rows, keyOf }: DataTableProps<T>) {
  return (
    <table class="data" aria-labelledby={labelledBy}>
      <thead>
        <tr>
          {columns.map(({ name, title, isNumber }) => (
            <th key={name} scope="col" class={isNumber ? 'number' : undefined}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map(({ name, title, isNumber, render }) => (
              <td key={name} data-label={title} class={isNumber ? 'number' : undefined}>
                {render(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
