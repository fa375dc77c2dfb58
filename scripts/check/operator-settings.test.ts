import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempFolder } from '../test/temp-folder.ts'
import { checkSettings, describe } from './operator-settings.ts'
import { formatProblem } from './problem.ts'
import { readGiven } from './setting-origin.ts'

const EXAMPLE = '#GATE_LIMIT_CHAT=\n#NODE_IMAGE=node\n#MYSQL_IMAGE=mysql\n'

function check(environment: Readonly<Record<string, string>>, dotEnv = '') {
  const report = checkSettings(readGiven({ HOME: '/home/x', ...environment }, dotEnv), EXAMPLE)
  return { ...report, told: report.problems.map(formatProblem) }
}

test('good settings have no problems, wherever they stand', () => {
  const { told, rest } = check(
    { GATE_LIMIT_CHAT: '"chat";q=7;w=60', MYSQL_IMAGE: 'mysql:9' },
    `CHATGATE_HTTPS_PORT=9443\nADMIN_PASSWORD='a b'\nNODE_IMAGE=node:24\n`,
  )
  assert.deepEqual(told, [])
  assert.equal(rest['CHATGATE_HTTPS_PORT'], '9443')
})

test('a wrong setting is told with its place, its value and what is wrong with it', () => {
  const { told } = check(
    { GATE_LIMIT_CHAT: '"chat";q=0;w=60' },
    '# a comment\n\nGATE_FLOOD=fast\nexport CHATGATE_DOMAIN="not a domain"\n',
  )
  assert.deepEqual(told.sort(), [
    '.env:3: GATE_FLOOD must be like 100r/s burst=400, or off, not "fast"',
    '.env:4: CHATGATE_DOMAIN must be domain names separated by commas, not "not a domain"',
    'environment: GATE_LIMIT_CHAT must be like "chat";q=5;w=60, not "\\"chat\\";q=0;w=60" (q must be 1 to 2000 in "chat";q=0;w=60)',
  ])
})

test('the environment wins over .env, and a later line over an earlier one', () => {
  const dotEnv = 'GATE_FLOOD=a\nGATE_FLOOD=b\n'
  assert.match(check({}, dotEnv).told[0] ?? '', /^\.env:2: .*"b"$/)
  assert.match(check({ GATE_FLOOD: 'c' }, dotEnv).told[0] ?? '', /^environment: .*"c"$/)
})

test('values that may be secret are never shown', () => {
  const secret = 'never-to-be-printed'
  const names = ['GATE_SESSION_SECRET', 'GATE_WORKER_SECRET', 'GATE_ENCRYPTION_KEYS', 'REDIS_URL']
  const { told } = check(Object.fromEntries(names.map((name) => [name, secret])))
  assert.equal(told.length, names.length)
  assert.doesNotMatch(told.join('\n'), /never-to-be-printed/)
})

test('a setting in a file is told where the file is named', () => {
  const file = join(tempFolder(), 'port')
  writeFileSync(file, 'many\n')
  assert.deepEqual(check({}, `\nMYSQL_PORT_FILE=${file}\nADMIN_PASSWORD_FILE=/none\n`).told, [
    '.env:2: MYSQL_PORT must be a port number',
    '.env:3: ADMIN_PASSWORD_FILE: cannot read /none',
  ])
})

test('without the wrong ones the rest can be used', () => {
  const { told, rest } = check({
    CHATGATE_HTTPS_PORT: 'eight',
    // Clashes with the default that takes its place, which is no news.
    CHATGATE_HTTP_PORT: '8443',
    MYSQL_PORT_FILE: '/none',
    GATE_COOKIE: '__Host-x',
  })
  assert.equal(told.length, 2)
  assert.deepEqual(rest, { HOME: '/home/x', GATE_COOKIE: '__Host-x' })
})

test('names that are none are told, with the one that was meant', () => {
  const { told } = check(
    { GATE_LIMIT_CAHT: 'x', MYSQL_ROOT_PASSWORD: 'x', REDIS_SERVICE_HOST: 'x', MYSQL_HOTS: 'x' },
    'CHATGATE_COLOUR=red\nADMIN_PASWORD=x\nMYSQL_DATABASE=x\nCOMPOSE_PROJECT_NAME=x\nTZ=UTC\n',
  )
  assert.deepEqual(told.sort(), [
    '.env:1: there is no setting CHATGATE_COLOUR',
    '.env:2: there is no setting ADMIN_PASWORD; did you mean ADMIN_PASSWORD?',
    '.env:3: there is no setting MYSQL_DATABASE',
    'environment: there is no setting GATE_LIMIT_CAHT; did you mean GATE_LIMIT_CHAT?',
    'environment: there is no setting MYSQL_HOTS; did you mean MYSQL_HOST?',
  ])
})

test('a message about a setting finds its place by the name', () => {
  const given = readGiven({}, 'GATE_SESSION_SECRET=a b\n')
  assert.deepEqual(describe('Secrets in GATE_SESSION_SECRET must not hold spaces.', given), {
    file: '.env',
    line: 1,
    message: 'Secrets in GATE_SESSION_SECRET must not hold spaces.',
  })
})
