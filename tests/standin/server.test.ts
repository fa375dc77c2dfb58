import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createStandin } from './server.ts'
import { ask, chatBody, endOf, errorMessage, KEY, startStandin } from './test-support.ts'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

test('every path works with and without /v1 and /beta', async (t) => {
  const standin = await startStandin(t)
  const headers = { authorization: `Bearer ${KEY}` }
  for (const prefix of ['', '/v1', '/beta']) {
    const chat = await fetch(`${standin.url}${prefix}/chat/completions`, {
      method: 'POST',
      headers,
      body: chatBody('standin: delay=0'),
    })
    assert.equal(chat.status, 200)
    await chat.text()
    const models = await fetch(`${standin.url}${prefix}/models`, { headers })
    const list = (await models.json()) as { object: string; data: { id: string }[] }
    assert.equal(list.object, 'list')
    assert.deepEqual(
      list.data.map((model) => model.id),
      ['deepseek-flash', 'deepseek-v4-pro'],
    )
    const balance = await fetch(`${standin.url}${prefix}/user/balance`, { headers })
    assert.equal(((await balance.json()) as { is_available: boolean }).is_available, true)
  }
})

test('an unknown path and a wrong method are not found', async (t) => {
  const standin = await startStandin(t)
  for (const [method, path] of [
    ['GET', '/v2/models'],
    ['GET', '/chat/completions'],
    ['POST', '/models'],
  ] as const) {
    const response = await fetch(standin.url + path, { method })
    assert.equal(response.status, 404, `${method} ${path}`)
    assert.equal(await errorMessage(response), 'Not Found')
  }
})

test('keys: malformed, refused and penniless', async (t) => {
  const standin = await startStandin(t)
  const malformed = await ask(standin, { headers: { authorization: 'sk-test' } })
  assert.equal(malformed.status, 401)
  assert.equal(
    await errorMessage(malformed),
    'Authentication Fails (auth header format should be Bearer sk-...)',
  )
  const refused = await ask(standin, { headers: { authorization: 'Bearer sk-invalid-fcc2' } })
  assert.equal(refused.status, 401)
  assert.deepEqual(await refused.json(), {
    error: {
      message: 'Authentication Fails, Your api key: ****fcc2 is invalid',
      type: 'authentication_error',
      param: null,
      code: 'invalid_request_error',
    },
  })
  const authorization = 'Bearer sk-nobalance-1'
  const penniless = await ask(standin, { headers: { authorization } })
  assert.equal(penniless.status, 402)
  assert.deepEqual(await penniless.json(), {
    error: {
      message: 'Insufficient Balance',
      type: 'unknown_error',
      param: null,
      code: 'invalid_request_error',
    },
  })
  const balance = await fetch(`${standin.url}/user/balance`, { headers: { authorization } })
  assert.equal(((await balance.json()) as { is_available: boolean }).is_available, false)
})

test('a misspelt directive fails the request', async (t) => {
  const standin = await startStandin(t)
  const response = await ask(standin, { content: 'Hello\nstandin: dealy=5' })
  assert.equal(response.status, 400)
  assert.equal(await errorMessage(response), 'standin: unknown directive dealy')
})

test('many streams run side by side, each with its own text', async (t) => {
  const standin = await startStandin(t)
  const texts = Array.from({ length: 60 }, (_, index) => `answer number ${index}`)
  const answers = await Promise.all(
    texts.map(async (text) => {
      const content = `standin: delay=2 text="${text}"`
      const body = await (await ask(standin, { content })).text()
      return [...body.matchAll(/"delta":\{"content":"([^"]*)"\}/g)].map(([, part]) => part).join('')
    }),
  )
  assert.deepEqual(answers, texts)
  for (const { ordinal } of standin.requests.list()) await endOf(standin, ordinal)
  assert.ok(standin.requests.list().every((record) => record.ended === 'complete'))
})

test('an account runs only so many requests at a time', async (t) => {
  const standin = await startStandin(t, { concurrency: 1 })
  const abort = new AbortController()
  const running = await ask(standin, {
    content: 'standin: stall=0',
    headers: { 'x-request-id': 'running' },
    signal: abort.signal,
  })
  const refused = await ask(standin)
  assert.equal(refused.status, 429)
  assert.match(
    await errorMessage(refused),
    /^Your current concurrency is 2, which exceeds .* of 1 /,
  )
  const otherAccount = await ask(standin, { headers: { authorization: 'Bearer sk-other' } })
  assert.equal(otherAccount.status, 200)
  await otherAccount.text()
  abort.abort()
  await assert.rejects(running.text())
  await standin.requests.nextEnd({ requestId: 'running' }, 2000)
  assert.equal((await ask(standin)).status, 200)
})

test('the keys of one account are counted together, and a request may want fewer places', async (t) => {
  const standin = await startStandin(t, { concurrency: 2 })
  const keys = ['sk-account-a-1', 'sk-account-a-2', 'sk-account-b-1']
  const abort = new AbortController()
  const begin = (key: string, content = 'standin: stall=0') =>
    ask(standin, {
      content,
      headers: { authorization: `Bearer ${key}`, 'x-request-id': key },
      signal: abort.signal,
    })
  const [one = '', two = '', other = ''] = keys
  await begin(one)
  const wanted = await begin(two, 'standin: text=Hi concurrency=1')
  assert.equal(wanted.status, 429)
  assert.match(await errorMessage(wanted), /^Your current concurrency is 2, .* limit of 1 /)
  assert.equal((await begin(two)).status, 200)
  const refused = await begin(one)
  assert.equal(refused.status, 429)
  assert.match(await errorMessage(refused), /^Your current concurrency is 3, .* limit of 2 /)
  const served = await begin(other, 'standin: delay=0 text=Hi concurrency=1')
  assert.equal(served.status, 200)
  abort.abort()
})

test('closing ends open streams', async (t) => {
  const standin = await startStandin(t)
  const response = await ask(standin, { content: 'standin: delay=0 tokens=3 stall=1' })
  await standin.close()
  await assert.rejects(response.text())
  assert.equal(standin.requests.list()[0]?.ended, 'shutdown')
})

test('a taken port is an error', async (t) => {
  const standin = await startStandin(t)
  await assert.rejects(createStandin().listen(standin.port), { code: 'EADDRINUSE' })
})

test('the process prints its port and ends at once on SIGTERM, open streams or not', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN], {
    env: { ...process.env, STANDIN_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const { listening } = JSON.parse(line.toString()) as { listening: number }
  const stalled = await fetch(`http://127.0.0.1:${listening}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}` },
    body: chatBody('standin: stall=0', { stream: true }),
  })
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number | null]
  assert.equal(code, 0)
  await assert.rejects(stalled.text())
})

test('the process says why it cannot start', async (t) => {
  const standin = await startStandin(t)
  for (const [port, reason] of [
    [String(standin.port), /cannot start: listen EADDRINUSE/],
    ['http', /STANDIN_PORT must be a whole number/],
  ] as const) {
    const child = spawn(process.execPath, ['--import', 'tsx', MAIN], {
      env: { ...process.env, STANDIN_PORT: port },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString()
    })
    const [code] = (await once(child, 'close')) as [number | null]
    assert.equal(code, 1)
    assert.match(errors, reason)
  }
})
