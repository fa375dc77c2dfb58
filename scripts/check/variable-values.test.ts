import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseNginx } from './nginx-parser.ts'
import { findDefinitions, findUses } from './variable-definitions.ts'
import { byName, valuesOf } from './variable-values.ts'

/** Returns `text@line` of every value that $x may have, `?name` where it depends on a request. */
function valuesOfX(source: string): readonly string[] {
  const definitions = findDefinitions(parseNginx(source, 'x'))
  const all = byName(definitions)
  return definitions
    .filter(({ name }) => name === 'x')
    .flatMap((definition) => valuesOf(definition, all))
    .map(({ text, at, unknown }) => (unknown ? `?${unknown}@${at.line}` : `${text}@${at.line}`))
}

for (const [what, source, expected] of [
  ['a text', 'set $x 1;', ['1@1']],
  ['js_var with and without a text', 'js_var $x "a";\njs_var $x;', ['a@1', '@2']],
  [
    'a map, its parameters left out',
    'map $a $x {\nvolatile;\nhostnames;\ndefault 1;\nb 2;\n}',
    ['1@4', '2@5'],
  ],
  ['a map without a default', 'map $a $x {\nb 2;\n}', ['@1', '2@2']],
  [
    'geo and split_clients',
    'geo $x {\ndefault 1;\n}\nsplit_clients $a $x {\n50% 2;\n* 3;\n}',
    ['1@2', '2@5', '3@6'],
  ],
  ['another variable, told where it is written', 'set $x $y;\nset $y 5;', ['5@2']],
  ['a variable in braces', `set $x \${y};\nset $y 5;`, ['5@2']],
  [
    'a chain of maps',
    'set $x $y;\nmap $a $y {\ndefault $z;\nGET "";\n}\nmap "" $z {\ndefault 7;\n}',
    ['7@7', '@4'],
  ],
  [
    'a text put together, told where that is done',
    `set $y 5;\nset $x "q=$y;w=\${y}0";`,
    ['q=5;w=50@2'],
  ],
  [
    'every combination',
    'map $a $y {\ndefault 1;\nb 2;\n}\nset $x "$y-$z";\nset $z 3;\nset $z 4;',
    ['1-3@5', '1-4@5', '2-3@5', '2-4@5'],
  ],
  ['a longer name is another variable', 'set $y 5;\nset $yz 6;\nset $x "$yz $y";', ['6 5@3']],
  [
    'a value with characters that replace() knows',
    `set $y "a\\$&b";\nset $x "<$y>";`,
    [`<a\\$&b>@2`],
  ],
  ['what a request brings', 'set $x "q=$arg_q";', ['?arg_q@1']],
  ['what a script works out', 'js_set $y gate.y;\nset $x $y;', ['?y@1']],
  ['a capture', 'map $a $x {\ndefault 1;\n~^(.*)$ "$1";\n}', ['1@2', '?1@3']],
  ['itself', 'set $x "$x,1";', ['?x@1']],
  ['a named capture', 'location ~ ^/(?<x>.*)$ { }', ['?x@1']],
] as const) {
  test(`values: ${what}`, () => assert.deepEqual(valuesOfX(source), expected))
}

test('uses of variables are found wherever they are read', () => {
  const source = `map $a $b {\ndefault $c;\n}\nset $d "$e\${f}";\nif ($g) {\nreturn 200 $d;\n}\njs_set $h gate.h;`
  assert.deepEqual(
    findUses(parseNginx(source, 'x')).map(({ name, at }) => `${name}@${at.line}`),
    ['a@1', 'c@2', 'e@4', 'f@4', 'g@5', 'd@6'],
  )
})
