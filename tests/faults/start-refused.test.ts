/** Settings and ports with which nothing can be started: all told at once, and nothing is. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { Installation, type Outcome } from '../support/installation.ts'

let installation: Installation
beforeEach(async () => {
  installation = await Installation.make()
})
afterEach(() => installation.remove())

/** Asserts that the start was refused for exactly these reasons, one a line, and left nothing. */
function assertRefused({ code, out, err }: Outcome, reasons: readonly RegExp[]): void {
  assert.equal(code, 1, out)
  const lines = err.split('\n').filter((line) => !/^\s*$|settings are wrong:$/.test(line))
  for (const reason of reasons) {
    assert.ok(
      lines.some((line) => reason.test(line)),
      `${reason} is not told: ${err}`,
    )
  }
  assert.equal(lines.length, reasons.length, err)
  assert.doesNotMatch(err, /^ +at /m, 'a stack trace is no message')
  assert.deepEqual(installation.processes(), {})
  assert.deepEqual(installation.sockets(), [])
  assert.ok(!existsSync(join(installation.data, 'mysql')), 'MySQL was initialised')
}

test('all wrong settings are listed at once, by name and without their values', async () => {
  const secretFile = join(installation.data, 'password')
  await writeFile(secretFile, 'from-a-file\n')
  const wrong = {
    CHATGATE_HTTPS_PORT: 'eight',
    CHATGATE_DOMAIN: 'not a domain',
    GATE_LIMIT_CHAT: '"chat";q=none;w=60',
    GATE_SESSION_IDLE: 'soon',
    GATE_FLOOD: 'a lot',
    MYSQL_PORT: '99999',
    REDIS_URL: 'http://127.0.0.1',
    DEEPSEEK_BASE_URL: 'deepseek',
    APP_TIMEZONE: 'Mars/Olympus',
    ADMIN_PASSWORD: 'never-to-be-printed',
    ADMIN_PASSWORD_FILE: secretFile,
    MYSQL_PASSWORD_FILE: join(installation.data, 'not-there'),
  }
  for (const args of [[], ['--detach']]) {
    const outcome = await installation.run('start', args, wrong)
    assertRefused(outcome, [
      /CHATGATE_HTTPS_PORT must be a port number/,
      /CHATGATE_DOMAIN must be/,
      /GATE_LIMIT_CHAT must be like "chat";q=5;w=60/,
      /GATE_SESSION_IDLE must be a duration/,
      /GATE_FLOOD must be/,
      /MYSQL_PORT must be a port number/,
      /REDIS_URL must be/,
      /DEEPSEEK_BASE_URL must be/,
      /APP_TIMEZONE must be/,
      /ADMIN_PASSWORD and ADMIN_PASSWORD_FILE are both set/,
      /MYSQL_PASSWORD_FILE: cannot read/,
    ])
    assert.doesNotMatch(outcome.err + outcome.out, /never-to-be-printed|from-a-file/)
  }
})

test('every command that needs the settings refuses them, not only the start', async () => {
  for (const [name, args] of [
    ['check', []],
    ['reload', []],
    ['sql', ['SELECT 1']],
    ['redis', ['PING']],
  ] as const) {
    const outcome = await installation.run(name, args, {
      MYSQL_PORT: 'x',
      GATE_LIMIT_LOGIN: '"login"',
    })
    assertRefused(outcome, [/MYSQL_PORT must be/, /GATE_LIMIT_LOGIN must be/])
  }
})

test('two settings with one port are told', async () => {
  const port = installation.env['CHATGATE_HTTPS_PORT'] ?? ''
  const outcome = await installation.run('start', [], { CHATGATE_METRICS_PORT: port })
  assertRefused(outcome, [/CHATGATE_METRICS_PORT must not be the same port as CHATGATE_HTTPS_PORT/])
})

test('busy ports are told with their settings, all at once', async () => {
  const names = ['CHATGATE_HTTPS_PORT', 'CHATGATE_STANDIN_PORT']
  const others = await Promise.all(names.map((name) => occupy(installation.env[name] ?? '')))
  try {
    const outcome = await installation.run('start', ['--detach'])
    assertRefused(
      outcome,
      names.map((name) => new RegExp(`Port ${installation.env[name]} \\(${name}\\) is in use`)),
    )
  } finally {
    for (const other of others) other.close()
  }
})

function occupy(port: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(Number(port), '127.0.0.1', () => resolve(server))
  })
}
