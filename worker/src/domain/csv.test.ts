import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Cell, csvLine, localTime } from './csv.ts'

/** Reads CSV as RFC 4180 says; throws on anything else. */
function parse(text: string): string[][] {
  const field = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/y
  const rows: string[][] = []
  let row: string[] = []
  while (field.lastIndex < text.length) {
    const at = field.lastIndex
    const found = field.exec(text) ?? assert.fail(`no field at ${at}`)
    const [, cell = '', end] = found
    row.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
    if (end === '\r\n') {
      rows.push(row)
      row = []
    }
  }
  return rows
}

test('cells come back as they were', () => {
  const cells: Cell[] = [
    'plain',
    'a,b',
    'say "hi"',
    'two\r\nlines',
    '',
    null,
    12,
    0.5,
    true,
    '数据',
  ]
  assert.deepEqual(parse(csvLine(cells)), [
    ['plain', 'a,b', 'say "hi"', 'two\r\nlines', '', '', '12', '0.5', 'true', '数据'],
  ])
})

test('what a spreadsheet would run is text', () => {
  for (const start of ['=', '+', '-', '@', '\t', '\r', '\n', '＝']) {
    assert.deepEqual(parse(csvLine([`${start}cmd|'/c calc'!A1`, 'x'])), [
      [`'${start}cmd|'/c calc'!A1`, 'x'],
    ])
  }
  assert.equal(csvLine(['=1+1', -1]), "'=1+1,-1\r\n")
  assert.equal(csvLine(['"=1"']), '"""=1"""\r\n')
})

test('any texts: as many cells as there were, none begins a formula', () => {
  const cell = fc.string({ unit: fc.constantFrom('=', '@', '"', ',', '\r', '\n', 'a', '界', "'") })
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 2 }), { minLength: 1 }), (rows) => {
      const found = parse(rows.map(csvLine).join(''))
      assert.deepEqual(
        found.map((row) => row.map((text) => text.replace(/^'(?=[=@\r\n])/, ''))),
        rows.map((row) => row.map((text) => text.replace(/^'(?=[=@\r\n])/, ''))),
      )
      for (const text of found.flat()) assert.doesNotMatch(text, /^[=@\r\n]/)
    }),
  )
})

test('local times are as spreadsheets read them', () => {
  assert.equal(localTime(Date.parse('2026-11-22T20:00:59Z')), '2026-11-22 20:00:59')
})
