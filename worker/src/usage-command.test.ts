import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testEnv } from './fake-deps.ts'
import { usageCommand } from './usage-command.ts'

test('what the command cannot understand gets the help, and nothing is touched', async () => {
  for (const args of [
    [],
    ['settle'],
    ['recompute', 'now'],
    ['recompute', '--from', 'yesterday'],
    ['recompute', '--to', '2026-13-01'],
    ['recompute', '--fix'],
  ]) {
    const lines: string[] = []
    assert.equal(await usageCommand(testEnv().mysql, args, (line) => lines.push(line)), 2)
    assert.match(lines.join('\n'), /^usage recompute \[--from DAY\]/)
  }
})
