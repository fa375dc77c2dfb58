/** CSV (RFC 4180) that spreadsheets open as what it is: numbers, texts, and nothing that runs. */

/** Says that the text is UTF-8; without it spreadsheets take Chinese for something else. */
export const BYTE_ORDER_MARK = '\uFEFF'

export type Cell = string | number | boolean | null

/** What spreadsheets take for a formula, or for the end of the cell before. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/

/** Returns a line with its line break; null is an empty cell. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(cellText).join(',')}\r\n`
}

function cellText(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell !== 'string') return String(cell)
  const harmless = FORMULA.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

/** Returns an instant as people in a zone read it and spreadsheets know it: `2026-11-22 20:00:00`. */
export function localTime(wallClock: number): string {
  return new Date(wallClock).toISOString().slice(0, 19).replace('T', ' ')
}
