import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSemaphore } from './semaphore.ts'

function controlled() {
  let finish = () => {}
  const done = new Promise<void>((resolve) => {
    finish = resolve
  })
  return { done, finish }
}

test('no more than the maximum runs at once, the rest in order of arrival', async () => {
  const semaphore = createSemaphore(2, 10)
  const jobs = [controlled(), controlled(), controlled(), controlled()]
  const started: number[] = []
  const runs = jobs.map((job, index) =>
    semaphore.run(async () => {
      started.push(index)
      await job.done
    }),
  )
  await Promise.resolve()
  assert.deepEqual(started, [0, 1])
  jobs[1]?.finish()
  await runs[1]
  await new Promise(setImmediate)
  assert.deepEqual(started, [0, 1, 2])
  for (const job of jobs) job.finish()
  await Promise.all(runs)
  assert.deepEqual(started, [0, 1, 2, 3])
})

test('who comes when the queue is full is turned away', async () => {
  const semaphore = createSemaphore(1, 1)
  const job = controlled()
  const first = semaphore.run(() => job.done)
  const second = semaphore.run(async () => 'second')
  assert.equal(
    semaphore.run(async () => 'third'),
    undefined,
  )
  job.finish()
  await first
  assert.equal(await second, 'second')
})

test('a failing job frees its place', async () => {
  const semaphore = createSemaphore(1, 0)
  await assert.rejects(async () => semaphore.run(() => Promise.reject(new Error('boom'))), /boom/)
  assert.equal(await semaphore.run(async () => 1), 1)
})
