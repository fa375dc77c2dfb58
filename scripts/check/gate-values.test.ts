import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempFolder } from '../test/temp-folder.ts'
import { checkGateValues } from './gate-values.ts'

const GOOD = `map "" $gate_limit_chat {
    default '"chat";q=5;w=60';
}
js_var $gate_session_idle "7d";
js_var $gate_deadline "1s";
`

async function problemsIn(tunables: string, server = ''): Promise<readonly string[]> {
  const folder = tempFolder()
  for (const name of ['rendered', 'conf.d', 'servers', 'snippets']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'rendered/tunables.conf'), tunables)
  writeFileSync(join(folder, 'servers/gateway.conf'), server)
  const problems = await checkGateValues(folder)
  return problems.map((problem) => problem.replaceAll(`${folder}/`, ''))
}

test('values that the gate can read are in order', async () => {
  const server = 'set $gate_limit $gate_limit_chat;\nset $gate_limit "";\nset $gate_subject ip;\n'
  assert.deepEqual(await problemsIn(GOOD, server), [])
})

test('each value that it cannot read is named with file and line', async () => {
  const tunables = GOOD.replace('q=5;w=60', 'q=5 w=60').replace('"7d"', '"7 days"')
  const server = `\nset $gate_limit '"day";q=0;w=60';\n`
  const problems = await problemsIn(tunables, server)
  assert.equal(problems.length, 3)
  assert.match(
    problems[0] ?? '',
    /^\$gate_limit_chat: not a policy .* in rendered\/tunables.conf:2$/,
  )
  assert.match(problems[1] ?? '', /^\$gate_session_idle is not a duration .*\/tunables.conf:4$/)
  assert.match(problems[2] ?? '', /^\$gate_limit: q must be 1 to 2000 .* servers\/gateway.conf:2$/)
})
