/** .env.example, docker-compose.yml and the code name the same settings, with the same defaults. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEnv } from 'node:util'
import { fileName, WORKER_FILES } from '../../scripts/container/container-settings.ts'
import { FOLDERS } from '../../scripts/container/folders.ts'
import { readStackSettings, STACK_SETTING_NAMES } from '../../scripts/stack/settings.ts'
import { DEFAULT_PASSWORD, readWorkerEnv, WORKER_SETTING_NAMES } from '../../worker/src/env.ts'
import { composeService, interpolations, readComposeFile, source } from './compose-file.ts'

/** Set by the two ways to run, never by an operator. */
const INTERNAL = ['WORKER_LISTEN', 'WORKER_SPOOL', 'CHATGATE_STANDIN_URL', 'CHATGATE_MIGRATIONS']
/** Without meaning in containers. */
const LOCAL_ONLY = ['CHATGATE_DATA', 'CHATGATE_CACHE', 'CHATGATE_SUITE', 'CHATGATE_STANDIN_PORT']
/** Read by Docker Compose itself. */
const COMPOSE_ONLY = [
  'NODE_IMAGE',
  'NGINX_IMAGE',
  'MYSQL_IMAGE',
  'REDIS_IMAGE',
  'NPM_CONFIG_REGISTRY',
]
/** Ports on which a server may listen without asking, and what the containers listen on instead. */
const OTHER_DEFAULTS = { CHATGATE_HTTPS_PORT: '443', CHATGATE_HTTP_PORT: '80', MYSQL_HOST: 'mysql' }

const REQUIRED = {
  GATE_SESSION_SECRET: 's'.repeat(32),
  GATE_TOKEN_SECRET: 't'.repeat(32),
  GATE_WORKER_SECRET: 'w'.repeat(32),
  GATE_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
}

function documented(): Readonly<Record<string, string>> {
  const lines = source('.env.example').replaceAll(/^#([A-Z])/gm, '$1')
  return Object.fromEntries(
    Object.entries(parseEnv(lines)).map(([name, value]) => [name, value ?? '']),
  )
}

function operatorSettings(): readonly string[] {
  const names = new Set([...STACK_SETTING_NAMES, ...WORKER_SETTING_NAMES])
  return [...names].filter((name) => !INTERNAL.includes(name))
}

test('.env.example names every setting once, and no other', () => {
  const names = [...source('.env.example').matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(
    ([, name]) => name,
  )
  assert.deepEqual(names.sort(), [...operatorSettings(), ...COMPOSE_ONLY].sort())
})

test('.env.example changes nothing when it is copied as it is', () => {
  assert.deepEqual({ ...parseEnv(source('.env.example')) }, {})
})

test('the defaults in .env.example are those of the code', () => {
  const given = documented()
  for (const name of STACK_SETTING_NAMES) {
    const { source: _, limits: __, ...expected } = settingsOf({})
    const { source: ___, limits: ____, ...actual } = settingsOf({ [name]: given[name] })
    assert.deepEqual(actual, expected, name)
  }
  for (const name of WORKER_SETTING_NAMES) {
    assert.deepEqual(workerOf({ [name]: given[name] || undefined }), workerOf({}), name)
  }
})

test('the limits in .env.example are those of nginx/templates/tunables.conf', () => {
  const given = documented()
  const tunables = interpolations(source('nginx/templates/tunables.conf'))
  const fallbacks = new Map(tunables.map(({ name, fallback }) => [name, fallback]))
  for (const name of STACK_SETTING_NAMES.filter((known) => fallbacks.has(known))) {
    assert.equal(fallbacks.get(name), given[name], name)
  }
})

test('every setting reaches the containers, and every name there is a setting', () => {
  const composeFile = source('docker-compose.yml')
  const named = interpolations(composeFile).map(({ name }) => name.replace(/_FILE$/, ''))
  const wanted = operatorSettings().filter((name) => !LOCAL_ONLY.includes(name))
  assert.deepEqual([...new Set(named)].sort(), [...wanted, ...COMPOSE_ONLY].sort())
})

test('defaults stand in docker-compose.yml only where containers differ', () => {
  const given = documented()
  const differing: Readonly<Record<string, string>> = OTHER_DEFAULTS
  for (const { name, fallback } of interpolations(source('docker-compose.yml'))) {
    if (name.endsWith('_FILE') || fallback === '') continue
    assert.equal(fallback, differing[name] ?? given[name], name)
  }
})

test('init is told every setting, and the worker what it reads', () => {
  const init = Object.keys(composeService('init').environment)
  for (const name of operatorSettings().filter((known) => !LOCAL_ONLY.includes(known))) {
    assert.ok(init.includes(name), name)
  }
  const { environment } = composeService('worker')
  for (const name of WORKER_SETTING_NAMES) {
    if (name === 'CHATGATE_STANDIN_URL' || name === 'CHATGATE_MIGRATIONS') continue
    const expected = WORKER_FILES.includes(name) ? `${name}_FILE` : name
    assert.ok(expected in environment, expected)
  }
})

test('the worker reads its secrets from the files that init writes', () => {
  const { environment } = composeService('worker')
  for (const name of WORKER_FILES) {
    assert.equal(environment[`${name}_FILE`], `${FOLDERS.worker}/${fileName(name)}`)
    assert.ok(!(name in environment), name)
  }
})

test('every secret can be given as a file', () => {
  const { secrets } = readComposeFile()
  const init = composeService('init')
  const names = WORKER_FILES.filter((name) => name !== 'GATE_COOKIE')
  assert.deepEqual(Object.keys(secrets).sort(), names.map(fileName).sort())
  assert.deepEqual([...init.secrets].sort(), names.map(fileName).sort())
  for (const name of names) {
    assert.equal(init.environment[`${name}_FILE`], `/run/secrets/${fileName(name)}`)
    assert.ok(secrets[fileName(name)]?.file.startsWith(`\${${name}_FILE:-`), name)
  }
})

test('no secret stands in docker-compose.yml, and only the two known ones in .env.example', () => {
  assert.ok(!source('docker-compose.yml').includes(DEFAULT_PASSWORD))
  const given = documented()
  for (const name of WORKER_FILES.filter((file) => file !== 'GATE_COOKIE')) {
    const expected = name === 'MYSQL_PASSWORD' || name === 'ADMIN_PASSWORD' ? DEFAULT_PASSWORD : ''
    assert.equal(given[name], expected, name)
  }
})

function settingsOf(environment: Readonly<Record<string, string | undefined>>) {
  const result = readStackSettings(environment)
  assert.ok('settings' in result, JSON.stringify(result))
  return result.settings
}

function workerOf(environment: Readonly<Record<string, string | undefined>>) {
  const result = readWorkerEnv({ ...REQUIRED, ...withoutUndefined(environment) }, () => '')
  assert.ok('env' in result, JSON.stringify(result))
  return result.env
}

function withoutUndefined(environment: Readonly<Record<string, string | undefined>>) {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined))
}
