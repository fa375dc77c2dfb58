import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { processStart } from '../stack/process-identity.ts'
import { tempFolder } from '../test/temp-folder.ts'
import { withFolderLock } from './folder-lock.ts'

const path = () => join(tempFolder(), 'lock')

test('two holders never work at the same time', async () => {
  const lock = path()
  let inside = 0
  let most = 0
  const work = () =>
    withFolderLock(
      lock,
      () => undefined,
      async () => {
        inside += 1
        most = Math.max(most, inside)
        await new Promise((resolve) => setImmediate(resolve))
        inside -= 1
      },
    )
  await Promise.all([work(), work(), work()])
  assert.equal(most, 1)
  assert.equal(existsSync(lock), false)
})

test('the lock of a process that is gone is taken over', async () => {
  const lock = path()
  const child = spawn(process.execPath, ['-e', ''])
  const start = processStart(child.pid ?? 0)
  await once(child, 'exit')
  writeFileSync(lock, JSON.stringify({ pid: child.pid, start }))
  assert.equal(
    await withFolderLock(
      lock,
      () => undefined,
      async () => 'done',
    ),
    'done',
  )
})

test('a process of the same number that started at another time is another process', async () => {
  const lock = path()
  writeFileSync(lock, JSON.stringify({ pid: process.pid, start: '1' }))
  assert.equal(
    await withFolderLock(
      lock,
      () => undefined,
      async () => 'done',
    ),
    'done',
  )
})

test('a failure inside frees the lock', async () => {
  const lock = path()
  const failing = withFolderLock(
    lock,
    () => undefined,
    async () => {
      throw new Error('inside')
    },
  )
  await assert.rejects(failing, /inside/)
  assert.equal(existsSync(lock), false)
})
