import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readCsv } from '../../../tests/support/csv.ts'
import { type Cell, csvLine, localTime } from './csv.ts'

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
  assert.deepEqual(readCsv(csvLine(cells)), [
    ['plain', 'a,b', 'say "hi"', 'two\r\nlines', '', '', '12', '0.5', 'true', '数据'],
  ])
})

test('what a spreadsheet would run is text', () => {
  for (const start of ['=', '+', '-', '@', '\t', '\r', '\n', '＝']) {
    assert.deepEqual(readCsv(csvLine([`${start}cmd|'/c calc'!A1`, 'x'])), [
      [`'${start}cmd|'/c calc'!A1`, 'x'],
    ])
  }
  assert.equal(csvLine(['=1+1', -1]), "'=1+1,-1\r\n")
  assert.equal(csvLine(['"=1"']), '"""=1"""\r\n')
})

test('any texts: as many cells as there were, none begins a formula', () => {
  const cell = fc.string({ unit: fc.constantFrom('=', '@', '"', ',', '\r', '\n', 'a', '界', "'") })
  // Of as many columns in each line.
  const table = fc
    .integer({ min: 2, max: 5 })
    .chain((columns) =>
      fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: 1 }),
    )
  fc.assert(
    fc.property(table, (rows) => {
      const found = readCsv(rows.map(csvLine).join(''))
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
