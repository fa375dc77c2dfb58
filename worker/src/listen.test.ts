import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Hono } from 'hono'
import type { AppEnv } from './context.ts'
import { listen } from './listen.ts'

const folder = mkdtempSync(join(tmpdir(), 'chatgate-listen-'))
after(() => rmSync(folder, { recursive: true }))

/** An application whose answer is held back until `release` is called. */
function heldApp() {
  let release = () => {}
  let arrive = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve
  })
  const app = new Hono<AppEnv>()
  app.get('/', (c) => c.text('here'))
  app.get('/held', async (c) => {
    arrive()
    await held
    return c.text('late')
  })
  return { app, arrived, release }
}

async function get(socketPath: string, path: string, agent?: Agent): Promise<string> {
  const call = request({ socketPath, path, ...(agent && { agent }) }).end()
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  return (await response.toArray()).join('')
}

test('a unix socket is for its owner only, and a second server may not take it', async () => {
  const path = join(folder, 'own.sock')
  const { app } = heldApp()
  const listener = await listen(app, { path })
  assert.equal(statSync(path).mode & 0o777, 0o600)
  await assert.rejects(listen(app, { path }), { code: 'EADDRINUSE' })
  assert.equal(await get(path, '/'), 'here')
  await listener.stop(0, 1000)
})

test('a running request is finished, also on a connection that would be kept', async () => {
  const path = join(folder, 'finish.sock')
  const { app, arrived, release } = heldApp()
  const listener = await listen(app, { path })
  const agent = new Agent({ keepAlive: true })
  const answer = get(path, '/held', agent)
  await arrived
  const stopped = listener.stop(5000, 10_000)
  await assert.rejects(get(path, '/'))
  release()
  assert.equal(await answer, 'late')
  await stopped
  agent.destroy()
})

test('a connection that was open serves one more request, and is closed by itself', async () => {
  const path = join(folder, 'open.sock')
  const { app } = heldApp()
  const listener = await listen(app, { path })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  assert.equal(await get(path, '/', agent), 'here')
  const stopped = listener.stop(5000, 10_000)
  assert.equal(await get(path, '/', agent), 'here')
  await stopped
  agent.destroy()
})

test('a request that does not finish is cut at the end of the grace', async () => {
  const path = join(folder, 'cut.sock')
  const { app, arrived } = heldApp()
  const listener = await listen(app, { path })
  const cut = assert.rejects(get(path, '/held'), { code: 'ECONNRESET' })
  await arrived
  await listener.stop(0, 20)
  await cut
})
