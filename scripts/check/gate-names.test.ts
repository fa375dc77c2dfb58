import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkGateNames } from './gate-names.ts'
import { parseNginx } from './nginx-parser.ts'
import { formatProblem } from './problem.ts'
import { checkSettingsText } from './settings-text.ts'
import { findDefinitions } from './variable-definitions.ts'

const BUNDLE = `
  r.variables["gate_verdict"] = "allow"
  textZone("gate_said")
  const user = v.gate_logged_user
  required(values, "gate_deadline"); choice(values, 'gate_role', [])
`
const GOOD = `
js_shared_dict_zone zone=gate_said:64k evict;
js_var $gate_verdict ""; js_var $gate_logged_user "";
js_var $gate_deadline 1s;
set $gate_role "";
map "" $gate_lang { default en; }
map "" $gate_place { default "gate_role=$gate_role"; }
map "" $gate_common { default "gate_deadline=$gate_deadline"; }
return 200 "$gate_lang $gate_place $gate_common";
`

function problemsIn(source: string): readonly string[] {
  const directives = parseNginx(source, 'x.conf')
  const definitions = findDefinitions(directives)
  return [
    ...checkGateNames(directives, definitions, BUNDLE),
    ...checkSettingsText(definitions, BUNDLE),
  ].map(formatProblem)
}

test('names that fit together are in order', () => {
  assert.deepEqual(problemsIn(GOOD), [])
})

test('a variable that nothing reads is told, with the name that was meant', () => {
  assert.deepEqual(problemsIn(`${GOOD}set $gate_rloe admin;\nset $gate_limit_other 1;\n`), [
    'x.conf:10: nothing reads $gate_rloe; did you mean $gate_role?',
    'x.conf:11: nothing reads $gate_limit_other',
  ])
})

test('a variable that is read and never made is told', () => {
  assert.deepEqual(problemsIn(`${GOOD}return 200 $gate_lagn;\n`), [
    'x.conf:10: there is no variable $gate_lagn; did you mean $gate_lang?',
  ])
})

test('what the gate reads and nobody makes is told', () => {
  assert.deepEqual(
    problemsIn(GOOD.replace(/js_shared.*\n/, '').replace(/js_var \$gate_verdict "";/, '')),
    [
      'nginx/templates/tunables.conf: the gate reads gate_verdict, and no variable or js_shared_dict_zone has this name',
      'nginx/templates/tunables.conf: the gate reads gate_said, and no variable or js_shared_dict_zone has this name',
    ],
  )
})

test('a slip where a variable is made is told once', () => {
  assert.deepEqual(problemsIn(GOOD.replace('js_var $gate_verdict', 'js_var $gate_verdcit')), [
    'x.conf:3: nothing reads $gate_verdcit; did you mean $gate_verdict?',
  ])
})

test('variables without our prefix are nobody’s business', () => {
  assert.deepEqual(problemsIn(`${GOOD}set $other 1;\nreturn 200 $another;\n`), [])
})

test('a variable that the texts of the settings leave out or mix up is told', () => {
  assert.deepEqual(problemsIn(GOOD.replace('=$gate_role"', '=$gate_deadline"')), [
    'x.conf:7: $gate_place and $gate_common lack gate_role=$gate_role',
  ])
})
