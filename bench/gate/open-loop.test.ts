import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { shareCpus } from '../support/processes.ts'
import { runOpenLoop } from './open-loop.ts'

const STALL_MS = 200

/** Returns what 500 requests a second for a second find at such a server. */
async function measure(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const folder = await mkdtemp(join(tmpdir(), 'chatgate-open-loop-'))
  try {
    const requests = join(folder, 'requests.json')
    await writeFile(requests, JSON.stringify(['GET / HTTP/1.1\r\nHost: x\r\n\r\n']))
    const { port } = server.address() as AddressInfo
    const times = { perSecond: 500, seconds: 1, warmUpSeconds: 0 }
    return await runOpenLoop(shareCpus().load, { port, requests, connections: 2, ...times })
  } finally {
    server.closeAllConnections()
    server.close()
    await rm(folder, { recursive: true })
  }
}

test('every appointed request is sent and answered', async () => {
  const result = await measure((_, response) => response.end('ok'))
  assert.equal(result.sent, 500)
  assert.equal(result.answered, 500)
  assert.equal(result.wrong, 0)
})

test('a stall is felt by all requests that were due meanwhile, not by one', async () => {
  let served = 0
  const result = await measure((_, response) => {
    served += 1
    if (served === 100) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STALL_MS)
    response.end('ok')
  })
  // 100 requests are due during the stall: a fifth of all, of which half wait for half of it or more.
  assert.ok(result.p99us > (STALL_MS / 2) * 1000, `p99 is ${result.p99us} µs`)
})

test('an answer other than 200 counts as wrong', async () => {
  const result = await measure((_, response) => {
    response.statusCode = 503
    response.end('no')
  })
  assert.equal(result.wrong, 500)
})
