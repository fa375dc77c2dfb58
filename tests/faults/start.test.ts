/** npm start, status and stop, as an operator types them. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isRunning } from '../../scripts/stack/process-table.ts'
import { DEFAULT_PASSWORD } from '../../worker/src/env.ts'
import { wholeChat } from '../support/chat.ts'
import { Client } from '../support/client.ts'
import { Installation } from '../support/installation.ts'
import { vanished } from '../support/processes.ts'
import { timed } from '../support/timed.ts'

const PARTS = ['mysql', 'nginx', 'redis', 'standin', 'supervisor', 'worker']
/** Every start but the very first of a machine, ms. */
const START_LIMIT_MS = 20_000
const SEED = 'guopengfei_learning'

let first: Installation
before(async () => {
  first = await Installation.make()
})
after(() => first.remove())

async function seedClient(installation: Installation): Promise<Client> {
  const client = new Client(await installation.plan())
  const answer = await client.signIn(SEED, DEFAULT_PASSWORD)
  assert.equal(answer.status, 200, answer.text)
  return client
}

test('before the first start there is nothing to see or to stop', async () => {
  const status = await first.run('status')
  assert.equal(status.code, 3)
  assert.match(status.out, /not running.*npm start/s)
  const stop = await first.run('stop')
  assert.equal(stop.code, 0)
  assert.match(stop.out, /not running/)
})

test('npm start -- --detach returns when all answers, with address and account', async () => {
  const { value, ms } = await timed(first.start())
  assert.ok(ms < START_LIMIT_MS, `it took ${ms} ms`)
  const { url } = await first.plan()
  for (const text of [url, SEED, DEFAULT_PASSWORD, 'stand-in', 'npm stop']) {
    assert.ok(value.out.includes(text), `${text} is missing: ${value.out}`)
  }
  assert.match(value.out, /\[ +\d+\.\d s\] starting Redis and MySQL/)
  const client = await seedClient(first)
  const { events } = await wholeChat(client, 'standin: tokens=2 delay=0')
  assert.equal(events.at(-1)?.event, 'done')
})

test('npm run status names every part, for people and for programs', async () => {
  const { code, out } = await first.run('status')
  assert.equal(code, 0)
  for (const part of PARTS) assert.match(out, new RegExp(`^${part} +running +pid \\d+$`, 'm'))
  const { running, url, parts } = JSON.parse((await first.run('status', ['--json'])).out)
  assert.equal(running, true)
  assert.equal(url, (await first.plan()).url)
  assert.deepEqual(parts.map(({ name }: { name: string }) => name).sort(), PARTS)
})

test('a second start of the same data says that it runs, and disturbs nothing', async () => {
  const running = first.processes()
  for (const args of [[], ['--detach']]) {
    const { code, err } = await first.run('start', args)
    assert.equal(code, 1)
    assert.match(err, /already running at https:\/\/localhost:\d+\/ \(npm stop ends it\)/)
  }
  assert.deepEqual(first.processes(), running)
  assert.ok(Object.values(running).every(isRunning))
})

test('a second copy with other ports and data runs beside the first', async () => {
  const second = await Installation.make()
  try {
    await second.start()
    const [here, there] = await Promise.all([seedClient(first), seedClient(second)])
    await wholeChat(there, 'standin: tokens=9 delay=0')
    const usage = (await there.send('/api/usage/summary')).json<{ total: { requests: number } }>()
    assert.equal(usage.total.requests, 1, 'the two share a database')
    // A browser sends the cookies of one port to the other too: they must have two names.
    assert.notDeepEqual([...here.cookies.keys()], [...there.cookies.keys()])
    assert.equal((await second.run('stop')).code, 0)
    assert.equal((await here.send('/api/me')).status, 200)
  } finally {
    await second.remove()
  }
})

test('npm stop leaves no process and no socket', async () => {
  const running = first.processes()
  assert.deepEqual(Object.keys(running).sort(), PARTS)
  const { code, out } = await first.run('stop')
  assert.equal(code, 0)
  assert.match(out, /has stopped/)
  assert.deepEqual(
    Object.entries(running).filter(([, entry]) => isRunning(entry)),
    [],
  )
  assert.deepEqual(first.sockets(), [])
  assert.equal((await first.run('status')).code, 3)
})

test('the next start has everything of the time before', async () => {
  const { ms } = await timed(first.start())
  assert.ok(ms < START_LIMIT_MS, `it took ${ms} ms`)
  const client = await seedClient(first)
  const usage = (await client.send('/api/usage/summary')).json<{ total: { requests: number } }>()
  assert.equal(usage.total.requests, 1)
  assert.equal((await first.run('stop')).code, 0)
})

test('Ctrl-C ends a start in the foreground with all its parts', async () => {
  const child = first.spawn('start')
  let out = ''
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk
      if (out.includes('Chatgate is running')) resolve()
    })
    child.once('exit', () => reject(new Error(`the start ended: ${out}`)))
  })
  const running = Object.values(first.processes())
  assert.equal(running.length, PARTS.length)
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGINT')
  assert.equal(await ended, 0)
  await Promise.all(running.map(vanished))
  assert.deepEqual(first.sockets(), [])
})
