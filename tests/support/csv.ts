/** Reading CSV as RFC 4180 says, and nothing that it does not say. */

import assert from 'node:assert/strict'

/** Returns the rows, heads included; a byte order mark at the beginning is left out. */
export function readCsv(text: string): readonly (readonly string[])[] {
  const field = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/y
  field.lastIndex = text.startsWith('\uFEFF') ? 1 : 0
  const rows: string[][] = []
  let row: string[] = []
  while (field.lastIndex < text.length) {
    const at = field.lastIndex
    const [, cell = '', end] =
      field.exec(text) ?? assert.fail(`no field at ${at}: ${text.slice(at, at + 40)}`)
    row.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
    if (end === ',') continue
    rows.push(row)
    row = []
  }
  assert.deepEqual(row, [], 'the last line has no end')
  for (const { length } of rows) assert.equal(length, rows[0]?.length)
  return rows
}
