/** Lists as CSV files, sent while they are read. */

import { BYTE_ORDER_MARK, type Cell, csvLine } from '../domain/csv.ts'
import { attachment } from '../domain/export-file.ts'
import type { Found, Place } from '../stores/keyset.ts'
import { textStream } from './text-stream.ts'

/** The most lines of a file, which is also what spreadsheets can show. */
export const MOST_CSV_LINES = 1_000_000

/** Lines that are in memory at a time. */
const BATCH = 1000

export const CSV_DESCRIPTION = `With \`format=csv\` all of the list as a file, whatever \`limit\`: UTF-8 with a byte order mark,
lines that end in CR LF, and an apostrophe before texts that a spreadsheet would take for a formula. At most
${MOST_CSV_LINES} lines; a file that was cut there says so in its last line. A connection that breaks off means that
something failed on the way.`

/**
 * Returns the file.
 * @param name of the file, without extension
 * @param find returns the lines after a place
 */
export function csvAnswer<Item>(
  name: string,
  heads: readonly string[],
  find: (after: Place | undefined, limit: number) => Promise<Found<Item>>,
  cellsOf: (item: Item) => readonly Cell[],
): Promise<Response> {
  async function* lines(): AsyncGenerator<string, void> {
    yield BYTE_ORDER_MARK + csvLine(heads)
    let place: Place | undefined
    for (let left = MOST_CSV_LINES; left > 0; ) {
      const { items, next } = await find(place, Math.min(BATCH, left))
      for (const item of items) yield csvLine(cellsOf(item))
      if (next === undefined) return
      place = next
      left -= items.length
      // A filter that matches little takes its time; whoever waits for it may have left.
      if (items.length < BATCH) yield ''
    }
    yield csvLine([`cut after ${MOST_CSV_LINES} lines`, ...heads.slice(1).map(() => null)])
  }
  return textStream(lines(), {
    'Content-Type': 'text/csv; charset=utf-8',
    'Content-Disposition': attachment(name, name, 'csv'),
  })
}
