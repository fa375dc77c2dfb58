/** The commands for a running installation: sql, redis, usage, logs, check and reload. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isRunning } from '../../scripts/stack/process-table.ts'
import { signedIn } from '../support/accounts.ts'
import { readFirstContent, rest, startChat, wholeChat } from '../support/chat.ts'
import { Installation } from '../support/installation.ts'
import { ROOMY } from '../support/own-stack.ts'

let installation: Installation
before(async () => {
  installation = await Installation.make(ROOMY)
  await installation.start()
})
after(() => installation.remove())

const SCRIPT = 'standin: tokens=1 delay=0'
const ONE_CHAT = { ...ROOMY, GATE_LIMIT_CHAT: '"chat";q=1;w=60' }

test('npm run sql prints one JSON object a row', async () => {
  const statement =
    "SELECT 1 AS one, 9007199254740993 AS big, CAST('0.10' AS DECIMAL(4,2)) AS money"
  const { code, out } = await installation.run('sql', [`${statement} UNION ALL SELECT 2, 3, 4`])
  assert.equal(code, 0)
  assert.deepEqual(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [
      { one: '1', big: '9007199254740993', money: '0.10' },
      { one: '2', big: '3', money: '4.00' },
    ],
  )
})

test('npm run sql says what is wrong with a statement', async () => {
  for (const [args, message] of [
    [['SELECT * FROM nothing'], /chatgate: .*nothing.*doesn't exist/],
    [['DROP DATABASE mysql'], /chatgate: Access denied/],
    [[], /usage: npm run sql/],
  ] as const) {
    const { code, out, err } = await installation.run('sql', args)
    assert.equal(code, 1)
    assert.equal(out, '')
    assert.match(err, message)
  }
})

test('npm run redis is a redis-cli that is signed in', async () => {
  const { code, out } = await installation.run('redis', ['PING'])
  assert.equal(code, 0)
  assert.equal(out.trim(), 'PONG')
})

test('npm run usage compares the sums of usage with the calls, and repairs them', async () => {
  const { client } = await signedIn(await installation.plan())
  await wholeChat(client, SCRIPT)
  const fine = await installation.run('usage', ['recompute'])
  assert.deepEqual([fine.code, fine.out.trim()], [0, '0 differences'])
  await installation.run('sql', ['UPDATE usage_hourly SET requests = requests + 1'])
  const found = await installation.run('usage', ['recompute'])
  const [line = '', ...more] = found.out.trim().split('\n')
  assert.equal(JSON.parse(line).missing.requests, '-1')
  assert.deepEqual([found.code, more], [1, ['1 differences']])
  const repaired = await installation.run('usage', ['recompute', '--repair'])
  assert.deepEqual([repaired.code, repaired.out.trim().endsWith('repaired')], [0, true])
  assert.equal((await installation.run('usage', ['recompute'])).code, 0)
})

test('npm run logs shows the end of the log that is asked for', async () => {
  const { client } = await signedIn(await installation.plan())
  const { id } = await wholeChat(client, SCRIPT)
  const { code, out } = await installation.run('logs', ['worker', '--lines', '20'])
  assert.equal(code, 0)
  assert.ok(out.includes(id), 'the request is not in the log')
  assert.ok(out.trim().split('\n').length <= 20)
  const unknown = await installation.run('logs', ['wroker'])
  assert.equal(unknown.code, 1)
  assert.match(unknown.err, /no log of "wroker"; there are: .*\bworker\b/)
})

test('npm run check finds everything in order, and disturbs nothing', async () => {
  const running = installation.processes()
  const { code, out, err } = await installation.run('check')
  assert.equal(code, 0, err)
  assert.match(out, /in order/)
  assert.deepEqual(installation.processes(), running)
})

test('npm run reload applies a limit and cuts no running answer', async () => {
  const plan = await installation.plan()
  const [busy, other] = await Promise.all([signedIn(plan), signedIn(plan)])
  const { id, events } = await startChat(busy.client, 'standin: stall=2 delay=0')
  await readFirstContent(events)
  const running = installation.processes()
  const { code, err } = await installation.run('reload', [], ONE_CHAT)
  assert.equal(code, 0, err)
  assert.deepEqual(installation.processes(), running, 'a program was started again')
  assert.equal((await wholeChat(other.client, SCRIPT)).events.at(-1)?.event, 'done')
  const refused = await other.client.send('/api/chat', { body: { message: SCRIPT } })
  assert.equal(refused.status, 429)
  assert.equal(refused.headers['ratelimit-policy'], '"chat";q=1;w=60')
  await busy.client.send(`/api/chat/${id}/stop`, { method: 'POST' })
  assert.equal((await rest(events)).at(-1)?.event, 'done')
})

test('a reload with a wrong setting changes nothing', async () => {
  const plan = await installation.plan()
  assert.equal((await installation.run('reload', [], ONE_CHAT)).code, 0)
  const wrong = { ...ONE_CHAT, GATE_LIMIT_CHAT: '"chat";q=many' }
  const { code, err } = await installation.run('reload', [], wrong)
  assert.equal(code, 1)
  assert.match(err, /GATE_LIMIT_CHAT must be/)
  const { client } = await signedIn(plan)
  assert.equal((await wholeChat(client, SCRIPT)).events.at(-1)?.event, 'done')
  assert.equal((await client.send('/api/chat', { body: { message: SCRIPT } })).status, 429)
  assert.equal((await installation.run('reload')).code, 0)
})

test('without a running stack the commands say so', async () => {
  const stopped = await Installation.make()
  try {
    for (const [name, args, message] of [
      ['sql', ['SELECT 1'], /MySQL cannot be reached/],
      ['usage', ['recompute'], /MySQL cannot be reached/],
      ['reload', [], /nginx is not running/],
    ] as const) {
      const { code, err } = await stopped.run(name, args)
      assert.equal(code, 1, name)
      assert.match(err, message)
    }
    assert.notEqual((await stopped.run('redis', ['PING'])).code, 0)
  } finally {
    await stopped.remove()
  }
  assert.ok(Object.values(installation.processes()).every(isRunning))
})
