import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../failure.ts'
import { repeatDeadlocked } from './deadlocks.ts'

function mysqlFailure(errno: number): Failure {
  const cause = Object.assign(new Error('from the server'), { errno })
  return new Failure('storage_unavailable', {}, { cause })
}

/** Fails with these errors one after the other, then succeeds. */
function failing(...errors: readonly Error[]) {
  let attempts = 0
  const run = async () => {
    attempts += 1
    const error = errors[attempts - 1]
    if (error !== undefined) throw error
    return 'done'
  }
  return { run, attempts: () => attempts }
}

test('a deadlock is repeated until it succeeds', async () => {
  const work = failing(mysqlFailure(1213), mysqlFailure(1412), mysqlFailure(1213))
  assert.equal(await repeatDeadlocked(work.run), 'done')
  assert.equal(work.attempts(), 4)
})

test('but not for ever, and nothing else is', async () => {
  const stubborn = failing(...Array.from({ length: 9 }, () => mysqlFailure(1213)))
  await assert.rejects(repeatDeadlocked(stubborn.run), Failure)
  assert.equal(stubborn.attempts(), 5)
  const away = failing(mysqlFailure(1205))
  await assert.rejects(repeatDeadlocked(away.run), Failure)
  assert.equal(away.attempts(), 1)
})
