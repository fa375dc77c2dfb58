/** Whatever a killed run left behind, the next start works and keeps the data. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { isRunning } from '../../scripts/stack/process-table.ts'
import { makeAccount } from '../support/accounts.ts'
import { readFirstContent, startChat, wholeChat } from '../support/chat.ts'
import { Client } from '../support/client.ts'
import { Installation } from '../support/installation.ts'
import { vanished } from '../support/processes.ts'
import { usageRows } from '../support/usage-rows.ts'

const SCRIPT = 'standin: tokens=2 delay=0'

/** Kills processes of an installation, all at once, and waits until they are gone. */
async function kill(installation: Installation, names?: readonly string[]): Promise<void> {
  const running = installation.processes()
  const entries = Object.entries(running)
    .filter(([name]) => names === undefined || names.includes(name))
    .map(([, entry]) => entry)
  assert.ok(entries.length > 0 && entries.every(isRunning))
  for (const { pid } of entries) process.kill(pid, 'SIGKILL')
  await Promise.all(entries.map(vanished))
}

/** Asserts that the account can still sign in and chat. */
async function assertWorks(installation: Installation, username: string, password: string) {
  const client = new Client(await installation.plan())
  assert.equal((await client.signIn(username, password)).status, 200)
  assert.equal((await wholeChat(client, SCRIPT)).events.at(-1)?.event, 'done')
}

let installation: Installation
before(async () => {
  installation = await Installation.make()
  await installation.start()
})
after(() => installation.remove())

test('everything killed at once: the next start has all that was settled', async () => {
  const plan = await installation.plan()
  const { username, password } = await makeAccount(plan)
  const client = new Client(plan)
  await client.signIn(username, password)
  const settled = await wholeChat(client, SCRIPT)
  const running = await startChat(client, 'standin: stall=1 delay=0')
  await readFirstContent(running.events)
  const cut = assert.rejects(running.events.next())
  await kill(installation)
  await cut
  assert.notDeepEqual(installation.sockets(), [], 'nothing stale is there to be tested')
  await installation.start()
  await assertWorks(installation, username, password)
  assert.equal((await usageRows(plan, settled.id))[0]?.ending, 'done')
  assert.equal((await usageRows(plan, running.id)).length, 1)
})

test('the supervisor killed: the next start ends what it had started', async () => {
  const { username, password } = await makeAccount(await installation.plan())
  const { supervisor, ...orphans } = installation.processes()
  await kill(installation, ['supervisor'])
  assert.ok(Object.values(orphans).every(isRunning), 'they were expected to live on')
  const { out } = await installation.start()
  assert.match(out, /ending what an earlier run left behind/)
  assert.ok(!Object.values(orphans).some(isRunning))
  assert.notEqual(installation.processes()['supervisor']?.pid, supervisor?.pid)
  await assertWorks(installation, username, password)
})

test('the supervisor killed: npm stop ends the rest', async () => {
  const orphans = installation.processes()
  await kill(installation, ['supervisor'])
  assert.equal((await installation.run('stop')).code, 0)
  assert.ok(!Object.values(orphans).some(isRunning))
})

test('damaged files of nginx and foreign process numbers do not stop the start', async () => {
  const plan = await installation.plan()
  const state = join(plan.layout.nginx, 'state/gate_log.json')
  await writeFile(state, '{"half a rec')
  await writeFile(join(plan.layout.nginx, 'nginx.pid'), `${process.pid}\n`)
  await mkdir(`${plan.layout.nginxConf}.next`, { recursive: true })
  // A number that was used again by now belongs to somebody else, here to this test.
  const entry = { pid: process.pid, start: '1' }
  const table = { supervisor: entry, url: plan.url, services: { nginx: entry, mysql: entry } }
  await writeFile(plan.layout.processes, JSON.stringify(table))
  await installation.start()
  assert.ok(existsSync(`${state}.bad`))
  assert.equal((await new Client(plan).send('/healthz')).status, 200)
  assert.equal((await installation.run('stop')).code, 0)
})

test('a start that was killed while MySQL was being made is simply done again', async () => {
  const fresh = await Installation.make()
  try {
    const child = fresh.spawn('start')
    const ended = new Promise((resolve) => child.once('exit', resolve))
    const partial = join(fresh.data, 'mysql.partial')
    while (!existsSync(join(partial, 'ibdata1'))) {
      assert.equal(child.exitCode, null, 'the start has ended by itself')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    child.kill('SIGKILL')
    await ended
    assert.ok(!existsSync(join(fresh.data, 'mysql')), 'it was killed too late')
    await fresh.start()
    assert.ok(!existsSync(partial))
    const plan = await fresh.plan()
    const { username, password } = await makeAccount(plan)
    await assertWorks(fresh, username, password)
  } finally {
    await fresh.remove()
  }
})
