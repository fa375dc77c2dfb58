/** Both ways to run give nginx's templates every value they name. */

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FOLDERS } from '../../scripts/container/folders.ts'
import { containerNginxPlace } from '../../scripts/container/nginx-place.ts'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import type { NginxPlace } from '../../scripts/stack/nginx-place.ts'
import { formatValues, nginxValues } from '../../scripts/stack/nginx-values.ts'
import { readStackSettings } from '../../scripts/stack/settings.ts'
import { readWorkerEnv } from '../../worker/src/env.ts'
import { source } from './compose-file.ts'

const SECRETS = {
  GATE_SESSION_SECRET: 's'.repeat(32),
  GATE_TOKEN_SECRET: 't'.repeat(32),
  GATE_WORKER_SECRET: 'w'.repeat(32),
  GATE_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
}
const CONTAINER = containerNginxPlace(FOLDERS)
const LOCAL: NginxPlace = {
  ...CONTAINER,
  user: 'root',
  workerAddress: 'unix:/run/worker.sock',
  resolver: undefined,
  ipv6: false,
}

interface Placeholder {
  readonly name: string
  readonly hasFallback: boolean
}

function placeholders(): readonly Placeholder[] {
  const files = readdirSync(join(CHECKOUT, 'nginx/templates'))
  return files.flatMap((file) => {
    const found = source(`nginx/templates/${file}`).matchAll(/\$\{([A-Z][A-Z0-9_]*)(:-[^}]*)?\}/g)
    return [...found].map(([, name = '', fallback]) => ({ name, hasFallback: Boolean(fallback) }))
  })
}

function valuesOf(place: NginxPlace, redisUrl: string, environment: Record<string, string> = {}) {
  const result = readStackSettings(environment)
  const worker = readWorkerEnv({ ...SECRETS, ...environment }, () => '')
  assert.ok('settings' in result && 'env' in worker)
  return nginxValues(
    {
      settings: result.settings,
      gate: {
        sessionSecrets: 's'.repeat(32),
        tokenSecrets: 't'.repeat(32),
        workerSecret: 'w'.repeat(32),
      },
      certificate: { certificate: '/tls/a.crt', key: '/tls/a.key', selfSigned: false },
      redisUrl,
      limits: worker.env.limits,
    },
    place,
  )
}

for (const [way, place, redisUrl] of [
  ['the local run', LOCAL, 'unix://:pw@/run/redis.sock?db=0'],
  ['the containers', CONTAINER, 'redis://:pw@redis:6379/0'],
] as const) {
  test(`${way}: every placeholder has a value or a default`, () => {
    const values = valuesOf(place, redisUrl)
    const missing = placeholders().filter(
      ({ name, hasFallback }) => !hasFallback && !(name in values),
    )
    assert.deepEqual(missing, [])
  })

  test(`${way}: no value is for nothing`, () => {
    const names = new Set(placeholders().map(({ name }) => name))
    const unused = Object.keys(valuesOf(place, redisUrl)).filter((name) => !names.has(name))
    assert.deepEqual(unused, [])
  })
}

test('in containers, names of other containers are asked for again while nginx runs', () => {
  const values = valuesOf(CONTAINER, 'redis://:pw@redis:6379/0')
  assert.equal(values['WORKER_ADDRESS'], 'worker:3000 resolve')
  assert.equal(values['REDIS_ADDRESS'], 'redis:6379 resolve')
  assert.match(values['RESOLVER'] ?? '', /^resolver 127\.0\.0\.11 .*;$/)
})

test('addresses are used as they are', () => {
  const address = (url: string) => valuesOf(CONTAINER, url)['REDIS_ADDRESS']
  assert.equal(address('redis://10.0.0.1'), '10.0.0.1:6379')
  assert.equal(address('redis://[2001:db8::1]:7000/0'), '[2001:db8::1]:7000')
  assert.equal(valuesOf(LOCAL, 'redis://redis.example')['REDIS_ADDRESS'], 'redis.example:6379')
})

test('TLS to Redis names the server that is meant', () => {
  const { REDIS_TLS } = valuesOf(CONTAINER, 'rediss://redis.example:6380/0')
  assert.match(REDIS_TLS ?? '', /proxy_ssl on;.* proxy_ssl_name redis\.example;/)
})

test('without IPv6 nginx listens on IPv4 only', () => {
  const values = valuesOf(LOCAL, 'redis://10.0.0.1')
  assert.equal(values['HTTPS_LISTEN_IPV6'], '')
  assert.equal(values['HTTP_LISTEN_IPV6'], '')
})

test('a value that would end its line is refused', () => {
  assert.throws(() => formatValues({ NAME: 'a\nb' }), /NAME must not hold line breaks/)
})

test('nginx waits longer than an answer may take, queueing included', () => {
  const wait = (environment: Record<string, string>) =>
    valuesOf(LOCAL, 'redis://10.0.0.1', environment)['ANSWER_WAIT']
  assert.equal(wait({}), `${630 + 900 + 120}s`)
  assert.equal(wait({ WORKER_FIRST_PAYLOAD: '1500ms', WORKER_ANSWER_TIME: '1h' }), '3722s')
})
