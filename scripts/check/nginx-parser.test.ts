import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Directive, parseNginx } from './nginx-parser.ts'
import { NginxSyntaxError } from './nginx-tokens.ts'

/** Name, arguments and block only. */
function shape({ name, args, block }: Directive): unknown {
  return block === undefined ? [name, ...args] : [[name, ...args], block.map(shape)]
}

test('directives and blocks, one inside the other', () => {
  const source = 'a 1;\nb { c { d 2 3; } e; }\nf "x y";'
  assert.deepEqual(parseNginx(source, 'x').map(shape), [
    ['a', '1'],
    [['b'], [[['c'], [['d', '2', '3']]], ['e']]],
    ['f', 'x y'],
  ])
})

test('a directive knows its file, its first and its last line', () => {
  const [first, second] = parseNginx('\na\n b\n c;\nmap $x\n$y {\nd e;\n}\n', 'conf.d/x.conf')
  assert.deepEqual([first?.file, first?.line, first?.endLine], ['conf.d/x.conf', 2, 4])
  assert.deepEqual([second?.line, second?.endLine, second?.block?.[0]?.line], [5, 6, 7])
})

test('a directive knows where it stands, block included', () => {
  const source = 'a;\n b {\n c;\n}\nd;'
  const [, block] = parseNginx(source, 'x')
  assert.equal(source.slice(block?.from, block?.to), 'b {\n c;\n}')
})

for (const [what, source, line, message] of [
  ['a block without end', 'a {\n b;\n', 3, /unexpected end of file, expecting "}"/],
  ['a directive without end', 'a;\nb', 2, /unexpected end of file, expecting ";" or "}"/],
  ['a brace too many', 'a;\n}\n', 2, /unexpected "}"/],
  ['a directive cut off by a brace', 'a {\n b\n}', 3, /unexpected "}"/],
  ['a semicolon alone', 'a;\n;', 2, /unexpected ";"/],
  ['a block without a name', '{ a; }', 1, /unexpected "{"/],
] as const) {
  test(`${what} is an error with its line`, () => {
    assert.throws(
      () => parseNginx(source, 'x'),
      (error) =>
        error instanceof NginxSyntaxError && error.line === line && message.test(error.message),
    )
  })
}
