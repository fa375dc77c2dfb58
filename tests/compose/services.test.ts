/** What docker-compose.yml promises: nothing is reachable, writable or endless that need not be. */

import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ACCOUNTS, FOLDERS } from '../../scripts/container/folders.ts'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import { MYSQL_SETTINGS } from '../../scripts/stack/mysql.ts'
import { REDIS_SETTINGS } from '../../scripts/stack/redis.ts'
import { readWorkerEnv } from '../../worker/src/env.ts'
import { testEnv } from '../../worker/src/fake-deps.ts'
import { longestAnswerMs } from '../../worker/src/worker-limits.ts'
import { composeService, mount, readComposeFile, seconds, source } from './compose-file.ts'

const LONG_RUNNING = ['nginx', 'worker', 'mysql', 'redis']

test('there is one service per part, and one that prepares them', () => {
  assert.deepEqual(Object.keys(readComposeFile().services).sort(), ['init', ...LONG_RUNNING].sort())
})

test('no service can gain rights, write to its image, or fill the disk with logs', () => {
  for (const [name, service] of Object.entries(readComposeFile().services)) {
    assert.equal(service.read_only, true, name)
    assert.deepEqual(service.cap_drop, ['ALL'], name)
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name)
    assert.match(service.logging.options['max-size'], /^\d+m$/, name)
    assert.match(service.deploy.resources.limits.memory, /^\d+[MG]$/, name)
  }
})

test('only init is root, and it has no network', () => {
  const { init, ...others } = readComposeFile().services
  assert.equal(init?.user, '0:0')
  assert.equal(init.network_mode, 'none')
  for (const [name, service] of Object.entries(others)) {
    assert.doesNotMatch(service.user, /^0/, name)
    assert.equal(service.cap_add, undefined, name)
  }
})

test('services run under the accounts to which init gives their files', () => {
  for (const [name, account] of Object.entries(ACCOUNTS)) {
    assert.equal(composeService(name).user, `${account}:${account}`)
  }
})

test('only nginx publishes ports, and the same ones inside and outside', () => {
  for (const [name, { ports }] of Object.entries(readComposeFile().services)) {
    assert.equal(ports.length, name === 'nginx' ? 2 : 0, name)
    for (const port of ports) {
      const [outside = '', inside] = port.split('}:').map((side) => side.replace('}', ''))
      assert.equal(outside, inside)
    }
  }
})

test('the databases are on the inner network only, and the worker not on the outer one', () => {
  const { networks } = readComposeFile()
  assert.equal(networks['back']?.internal, true)
  assert.deepEqual(composeService('mysql').networks, ['back'])
  assert.deepEqual(composeService('redis').networks, ['back'])
  assert.deepEqual(composeService('nginx').networks, ['front', 'back'])
  assert.deepEqual(composeService('worker').networks, ['back', 'egress'])
})

test('every long-running service has a health check, starts again and is waited for', () => {
  const { services } = readComposeFile()
  for (const name of LONG_RUNNING) {
    const service = composeService(name)
    assert.equal(service.restart, 'unless-stopped', name)
    assert.ok(service.healthcheck, `${name} has no health check`)
    assert.equal(service.depends_on['init']?.condition, 'service_completed_successfully', name)
  }
  for (const [name, { depends_on }] of Object.entries(services)) {
    for (const [needed, { condition }] of Object.entries(depends_on)) {
      if (needed !== 'init') assert.equal(condition, 'service_healthy', `${name} → ${needed}`)
    }
  }
})

test('MySQL is asked by address: its first server answers on the socket only', () => {
  const check = composeService('mysql').healthcheck?.test.join(' ') ?? ''
  assert.match(check, /worker\.cnf/)
  assert.doesNotMatch(check, /localhost|socket/)
})

test('nginx gets longer to stop than it gives running answers', () => {
  assert.match(
    source('nginx/templates/process.conf'),
    /^worker_shutdown_timeout \$\{ANSWER_WAIT\};/m,
  )
  const nginx = composeService('nginx')
  const { limits } = testEnv()
  assert.ok(seconds(nginx.stop_grace_period ?? '') * 1000 > longestAnswerMs(limits) + 120_000)
  assert.equal(nginx.stop_signal, 'SIGQUIT')
})

test('a worker gets longer to stop than its longest grace time', () => {
  const worker = composeService('worker')
  assert.ok(seconds(worker.stop_grace_period ?? '') > 600)
  const complaints = (grace: string) => {
    const result = readWorkerEnv({ WORKER_GRACE: grace }, () => '')
    return 'problems' in result ? result.problems.filter((text) => /WORKER_GRACE/.test(text)) : []
  }
  assert.deepEqual([complaints('600s').length, complaints('601s').length], [0, 1])
})

test('what is mounted from the checkout exists, read only', () => {
  const { services } = readComposeFile()
  const entries = Object.values(services).flatMap(({ volumes }) => volumes.map(mount))
  const fromCheckout = entries.filter(({ from }) => from.startsWith('.'))
  assert.ok(fromCheckout.length > 0)
  for (const { from, readOnly } of fromCheckout) {
    assert.ok(existsSync(join(CHECKOUT, from)), from)
    assert.ok(readOnly, from)
  }
})

test('every volume is declared, used, and made by init where a service only reads it', () => {
  const { services, volumes } = readComposeFile()
  const used = Object.entries(services).flatMap(([service, { volumes: entries }]) =>
    entries
      .map((entry) => ({ service, ...mount(entry) }))
      .filter(({ from }) => !from.startsWith('.')),
  )
  assert.deepEqual([...new Set(used.map(({ from }) => from))].sort(), Object.keys(volumes).sort())
  const written = used
    .filter(({ service }) => service === 'init')
    .map(({ from, to }) => `${from}:${to}`)
  for (const { from, to, readOnly } of used) {
    if (readOnly) assert.ok(written.includes(`${from}:${to}`), `${from} at ${to}`)
  }
})

test('init finds its folders, and each service its own part of them and no other', () => {
  const targets = (name: string) => composeService(name).volumes.map((entry) => mount(entry).to)
  assert.deepEqual(targets('init').sort(), Object.values(FOLDERS).sort())
  const secretive = [FOLDERS.init, FOLDERS.nginx, FOLDERS.worker, FOLDERS.mysql, FOLDERS.redis]
  for (const name of ['nginx', 'worker', 'mysql', 'redis'] as const) {
    assert.deepEqual(
      targets(name).filter((folder) => secretive.includes(folder)),
      [FOLDERS[name]],
    )
  }
})

test('MySQL and Redis are set up as in the local run', () => {
  const mysql = composeService('mysql').command
  for (const setting of MYSQL_SETTINGS) assert.ok(mysql.includes(setting), setting)
  const redis = composeService('redis').command
  for (const [name, value] of Object.entries(REDIS_SETTINGS)) {
    assert.equal(redis[redis.indexOf(`--${name}`) + 1], value.replaceAll('"', ''), name)
  }
})

test('the file that stands for no secret is empty', () => {
  for (const { file } of Object.values(readComposeFile().secrets)) {
    const path = /:-(.+)\}$/.exec(file)?.[1] ?? ''
    assert.equal(statSync(join(CHECKOUT, path)).size, 0)
  }
})
