import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPasswordDuty } from './password-duty.ts'

const UID = '2'
const SESSION = 'ab'.repeat(32)

function setUp() {
  const world = { owes: false, isAway: false, reads: 0, at: 1_000_000 }
  const read = async () => {
    world.reads += 1
    if (world.isAway) throw new Error('away')
    return world.owes
  }
  return { world, duty: createPasswordDuty(read, () => world.at) }
}

test('a free session is looked up once a minute, a program every two seconds', async () => {
  for (const [session, ms] of [
    [SESSION, 60_000],
    [undefined, 2000],
  ] as const) {
    const { world, duty } = setUp()
    for (const passed of [0, ms - 1]) {
      world.at = 1_000_000 + passed
      assert.equal(await duty.isOwed(UID, session), false)
      assert.equal(world.reads, 1)
    }
    world.at += 1
    await duty.isOwed(UID, session)
    assert.equal(world.reads, 2)
  }
})

test('who owes it is looked up each time, so a change helps at once', async () => {
  const { world, duty } = setUp()
  world.owes = true
  assert.equal(await duty.isOwed(UID, SESSION), true)
  world.owes = false
  assert.equal(await duty.isOwed(UID, SESSION), false)
  assert.equal(world.reads, 2)
})

test('what is known of one session says nothing of another, nor of programs', async () => {
  const { world, duty } = setUp()
  await duty.isOwed(UID, SESSION)
  world.owes = true
  assert.equal(await duty.isOwed(UID, SESSION), false)
  assert.equal(await duty.isOwed(UID, 'cd'.repeat(32)), true)
  assert.equal(await duty.isOwed(UID, undefined), true)
})

test('programs are forgotten when the password is taken away', async () => {
  const { world, duty } = setUp()
  assert.equal(await duty.isOwed(UID, undefined), false)
  world.owes = true
  duty.forget(UID)
  assert.equal(await duty.isOwed(UID, undefined), true)
})

test('while nobody can tell, a session once free goes on and nobody else passes', async () => {
  const { world, duty } = setUp()
  await duty.isOwed(UID, SESSION)
  await duty.isOwed(UID, undefined)
  world.isAway = true
  world.at += 3_600_000
  assert.equal(await duty.isOwed(UID, SESSION), false)
  await assert.rejects(duty.isOwed(UID, undefined), /away/)
  await assert.rejects(duty.isOwed(UID, 'cd'.repeat(32)), /away/)
})
