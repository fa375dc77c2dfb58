/** npm run key: the operator's hands on the provider's keys, beside a running worker. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before } from 'node:test'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import type { WorkerEnv } from '../../worker/src/env.ts'
import { KeyCommandError, runKeyCommand } from '../../worker/src/key-command.ts'
import { createStandin } from '../standin/server.ts'
import { wholeChat } from '../support/chat.ts'
import { keyTests, putKey, shownKey, shownKeys } from '../support/keys.ts'
import { sqlRows, sqlRun } from '../support/sql.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()
const keyTest = keyTests(stackTest)

const provider = createStandin()
let providerUrl = ''
before(async () => {
  providerUrl = `http://127.0.0.1:${await provider.listen(0)}`
})
after(() => provider.close())

/** Runs the command in this process; returns its lines. @param typed what stands on its input */
async function run(env: WorkerEnv, args: readonly string[], typed?: string): Promise<string> {
  const lines: string[] = []
  await runKeyCommand(args, env, {
    say: (line) => lines.push(line),
    readKey: async () => typed,
  })
  return lines.join('\n')
}

async function refused(env: WorkerEnv, args: readonly string[], typed?: string): Promise<string> {
  return run(env, args, typed).then(
    (said) => assert.fail(`it went well: ${said}`),
    (error: unknown) => {
      if (error instanceof KeyCommandError) return error.message
      throw error
    },
  )
}

keyTest('a key is stored from a pipe and listed by its end', async (plan, admin) => {
  const npm = async (args: readonly string[], typed: string) => {
    const child = spawn(process.execPath, [join(CHECKOUT, 'scripts/run.mjs'), 'key', ...args], {
      env: Object.fromEntries(
        Object.entries(plan.settings.source).flatMap(([name, value]) =>
          value ? [[name, value]] : [],
        ),
      ),
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    child.stdin.end(typed)
    return text(child.stdout)
  }
  const options = ['--alias', 'piped', '--base-url', providerUrl, '--weight', '3', '--account', 'a']
  assert.equal(await npm(['add', ...options], 'sk-test-piped-beef\n'), 'piped is stored: …beef.\n')
  const stored = await shownKey(admin, 'piped')
  assert.deepEqual(
    [stored.last4, stored.base_url, stored.weight, stored.account, stored.state],
    ['beef', providerUrl, 3, 'a', 'ok'],
  )
  const { id } = await wholeChat(admin, 'standin: tokens=1 delay=0')
  assert.equal(provider.requests.list({ requestId: id }).length, 1)
  const listed = await run(plan.worker, ['list'])
  assert.match(listed, /^ALIAS +KEY +STATE/)
  assert.match(listed, new RegExp(`^piped +…beef +ok +3 +a +${providerUrl}$`, 'm'))
  assert.doesNotMatch(listed, /sk-test/)
  const silent = ['add', '--alias', 'piped']
  assert.match(await refused(plan.worker, silent, 'sk-test-piped-cafe'), /address of its own/)
  assert.equal((await shownKey(admin, 'piped')).last4, 'beef')
  await run(plan.worker, [...silent, '--base-url', providerUrl], 'sk-test-piped-cafe')
  const rotated = await shownKey(admin, 'piped')
  assert.deepEqual(
    [rotated.last4, rotated.base_url, rotated.weight, rotated.account],
    ['cafe', providerUrl, 3, 'a'],
  )
  const moved = [...silent, '--weight', '4', '--base-url', 'default']
  await run(plan.worker, moved, 'sk-test-piped-f00d')
  const { weight, account, base_url } = await shownKey(admin, 'piped')
  assert.deepEqual([weight, account, base_url], [4, 'a', 'https://api.deepseek.com'])
})

keyTest('disable, enable, test and remove', async ({ worker }, admin) => {
  await putKey(admin, { api_key: 'sk-test-hand-0001', alias: 'one', base_url: providerUrl })
  await putKey(admin, { api_key: 'sk-invalid-hand-0002', alias: 'two', base_url: providerUrl })
  await run(worker, ['disable', 'one'])
  assert.equal((await shownKey(admin, 'one')).state, 'disabled')
  assert.match(await run(worker, ['list']), /^one .* Disabled by an administrator\.$/m)
  await run(worker, ['enable', 'one'])
  assert.equal((await shownKey(admin, 'one')).state, 'ok')
  assert.equal(JSON.parse(await run(worker, ['test', 'one'])).balance.is_available, true)
  assert.match(await refused(worker, ['test', 'two']), /does not work/)
  await run(worker, ['remove', 'one'])
  assert.ok((await shownKeys(admin)).every(({ alias }) => alias !== 'one'))
})

keyTest('what is wrong is said, and nothing happens', async ({ worker }, admin) => {
  const before = await shownKeys(admin)
  const key = 'sk-test-hand-0003'
  for (const [args, typed, words] of [
    [['frobnicate'], undefined, /no command frobnicate/],
    [['add', '--wieght', '2'], key, /Unknown option '--wieght'/],
    [['add', key], key, /arguments can be read by others/],
    [['add'], undefined, /Nothing was stored/],
    [['add'], 'short', /8 to 256 printable/],
    [['add', '--alias', 'standin'], key, /--alias/],
    [['add', '--alias', 'A b'], key, /--alias/],
    [['add', '--account', 'A b'], key, /--account/],
    [['add', '--weight', '0'], key, /--weight/],
    [['add', '--base-url', 'http://llm.example'], key, /--base-url/],
    [['add', '--base-url', String(worker.standinUrl)], key, /--base-url/],
    [['enable'], undefined, /one alias/],
    [['enable', 'nobody'], undefined, /no key with the alias nobody/],
    [['remove', 'standin'], undefined, /stays/],
  ] as const) {
    assert.match(await refused(worker, args, typed), words)
  }
  const away = { ...worker, mysql: { ...worker.mysql, host: '127.0.0.1', port: 9 } }
  assert.match(await refused(away, ['list']), /MySQL cannot be reached/)
  assert.match(await run(worker, ['--help']), /reencrypt/)
  assert.deepEqual(await shownKeys(admin), before)
})

keyTest('all keys move to the first encryption key, and back', async (plan, admin) => {
  const { worker } = plan
  const old = worker.encryptionKeys
  const anew = { currentId: 'k-new', keys: new Map([['k-new', randomBytes(32)], ...old.keys]) }
  await putKey(admin, { api_key: 'sk-test-ring-0001', alias: 'one', base_url: providerUrl })
  await sqlRun(
    plan,
    "INSERT INTO api_keys (alias, plain_key) VALUES ('plain', 'sk-test-ring-0002')",
  )
  // More than one batch, of what does not open: it is told, and stops nothing.
  const damaged = Array.from({ length: 120 }, (_, i) => `('damaged-${i}', 'v1.gone.a.b.c')`)
  await sqlRun(plan, `INSERT INTO api_keys (alias, key_cipher) VALUES ${damaged.join(', ')}`)
  await sqlRun(plan, "UPDATE api_keys SET enabled = FALSE WHERE alias LIKE 'damaged%'")
  const ringIds = async () => {
    const id = "SUBSTRING_INDEX(SUBSTRING_INDEX(key_cipher, '.', 2), '.', -1)"
    const rows = await sqlRows(plan, `SELECT alias, ${id} AS ring FROM api_keys`)
    return rows.filter(({ alias }) => !String(alias).startsWith('damaged')).map(({ ring }) => ring)
  }
  const failed = await refused({ ...worker, encryptionKeys: anew }, ['reencrypt'])
  assert.match(failed, /Not all keys .* keep the old encryption keys/)
  assert.deepEqual(await ringIds(), ['k-new', 'k-new', 'k-new'])
  await sqlRun(plan, "DELETE FROM api_keys WHERE alias LIKE 'damaged%'")
  assert.match(
    await run({ ...worker, encryptionKeys: anew }, ['reencrypt']),
    /^0 keys were encrypted with k-new\.\nNo key needs another/,
  )
  // This worker was not told of the new key, as the manual says it must be.
  assert.match(String((await shownKey(admin, 'one')).reason), /GATE_ENCRYPTION_KEYS/)
  const back = { currentId: old.currentId, keys: anew.keys }
  const said = await run({ ...worker, encryptionKeys: back }, ['reencrypt'])
  assert.match(said, new RegExp(`3 keys were encrypted with ${old.currentId}\\.`))
  assert.deepEqual(new Set(await ringIds()), new Set([old.currentId]))
  for (const alias of ['one', 'plain', 'standin']) {
    assert.equal((await shownKey(admin, alias)).state, 'ok', alias)
  }
  assert.equal((await shownKey(admin, 'plain')).last4, '0002')
})
