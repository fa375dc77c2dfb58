import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NginxSyntaxError, tokenize } from './nginx-tokens.ts'

function words(source: string): readonly string[] {
  return tokenize(source)
    .filter(({ kind }) => kind === 'word')
    .map(({ text }) => text)
}

test('words end at blanks, semicolons and braces', () => {
  assert.deepEqual(
    tokenize('a b{c d;}').map(({ kind, text }) => (kind === 'word' ? text : kind)),
    ['a', 'b', 'open', 'c', 'd', 'end', 'close'],
  )
})

for (const [what, source, expected] of [
  ['quotes of both kinds', `'a b' "c;d{}"`, ['a b', 'c;d{}']],
  ['the other quote inside', `'"chat";q=5' "it's"`, ['"chat";q=5', "it's"]],
  ['an escaped quote', String.raw`"a\"b" 'c\'d'`, ['a"b', "c'd"]],
  ['escapes for blanks', String.raw`"a\nb\tc" d\n`, ['a\nb\tc', 'd\n']],
  ['other escapes stay', String.raw`~^\d+\.x "\\\d"`, [String.raw`~^\d+\.x`, String.raw`\\d`]],
  ['an escaped blank does not end a word', String.raw`a\ b`, [String.raw`a\ b`]],
  ['a quote inside a word', `a"b c`, ['a"b', 'c']],
  ['comments', '# a;\nb # c }\nd#e', ['b', 'd#e']],
  ['braces of a variable', `a\${b}c;`, [`a\${b}c`]],
  ['an empty text', `"" ''`, ['', '']],
  ['a text over several lines', '"a\n  b"', ['a\n  b']],
] as const) {
  test(what, () => assert.deepEqual(words(source), expected))
}

test('each token knows its line, also behind texts and comments of several lines', () => {
  const tokens = tokenize('# one\na "b\nc"\n\nd;')
  assert.deepEqual(
    tokens.map(({ text, line }) => [text, line]),
    [
      ['a', 2],
      ['b\nc', 2],
      ['d', 5],
      [';', 5],
    ],
  )
})

test('each token knows where it stands', () => {
  const source = 'a "b c";'
  assert.deepEqual(
    tokenize(source).map(({ from, to }) => source.slice(from, to)),
    ['a', '"b c"', ';'],
  )
})

test('what nginx does not read is an error with its line', () => {
  for (const [source, line] of [
    ['a;\nb "c;\n', 2],
    ["a;\n\n'b", 3],
    ['a "b"c;', 1],
  ] as const) {
    assert.throws(
      () => tokenize(source),
      (error) => error instanceof NginxSyntaxError && error.line === line,
      source,
    )
  }
})
