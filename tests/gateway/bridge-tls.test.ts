/** TLS between the bridge and Redis: on, and only with a certificate that is right. */

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { generate } from 'selfsigned'
import { tempFolder } from '../../scripts/test/temp-folder.ts'
import { startBridgeNginx } from '../support/bridge-nginx.ts'
import { type OwnRedis, startRedis } from '../support/bridge-redis.ts'
import { freePorts } from '../support/free-ports.ts'

const folder = tempFolder()
const trusted = join(folder, 'redis.crt')
const stranger = join(folder, 'stranger.crt')
let redis: OwnRedis
let port = 0

async function makeCertificate(path: string): Promise<void> {
  const pair = await generate([{ name: 'commonName', value: 'redis.example' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'redis.example' }] },
    ],
  })
  await writeFile(path, pair.cert)
  await writeFile(path.replace('.crt', '.key'), pair.private, { mode: 0o600 })
}

before(async () => {
  await makeCertificate(trusted)
  await makeCertificate(stranger)
  ;[port = 0] = await freePorts(1)
  redis = await startRedis([
    `tls-port ${port}`,
    `tls-cert-file ${trusted}`,
    `tls-key-file ${trusted.replace('.crt', '.key')}`,
    'tls-auth-clients no',
  ])
})
after(() => redis?.remove())

/** Returns status and answer of a request over a bridge that wants this name and trusts this file. */
async function over(name: string, ca?: string) {
  const nginx = await startBridgeNginx({
    address: `127.0.0.1:${port}`,
    password: redis.password,
    tls: `proxy_ssl on; proxy_ssl_server_name on; proxy_ssl_name ${name};`,
    ...(ca !== undefined && { ca }),
  })
  try {
    const { status, text } = await nginx.send('byCall', [
      ['ECHO', 'x'.repeat(40_000)],
      ['ECHO', '名'],
    ])
    const clients = String(await redis.ask('CLIENT', 'LIST', 'TYPE', 'normal'))
    return { status, text, clients, log: await nginx.log() }
  } finally {
    await nginx.stop()
  }
}

test('commands and replies go over TLS', async () => {
  const { status, text, clients } = await over('redis.example', trusted)
  assert.equal(status, 200)
  assert.deepEqual(JSON.parse(text), ['x'.repeat(40_000), '名'])
  assert.match(clients, new RegExp(`laddr=127\\.0\\.0\\.1:${port} .*name=chatgate-gate`))
})

test('a certificate of an unknown authority is refused', async () => {
  for (const ca of [stranger, undefined]) {
    const { status, log } = await over('redis.example', ca)
    assert.equal(status, 503)
    assert.match(log, /upstream SSL certificate verify error/)
  }
})

test('a certificate for another name is refused', async () => {
  const { status, log } = await over('other.example', trusted)
  assert.equal(status, 503)
  assert.match(log, /upstream SSL certificate does not match "other\.example"/)
})

test('no TLS where Redis wants it is no connection', async () => {
  const nginx = await startBridgeNginx({ address: `127.0.0.1:${port}`, password: redis.password })
  const { status } = await nginx.send('byCall', [['PING']])
  await nginx.stop()
  assert.equal(status, 503)
})
