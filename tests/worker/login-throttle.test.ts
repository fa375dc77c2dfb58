/** Guessing at one account is slow, wherever the guesses come from, and its owner gets in meanwhile. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { type Account, makeAccount } from '../support/accounts.ts'
import { Client } from '../support/client.ts'
import { assertProblem } from '../support/problem.ts'
import { bearing, sessionOf } from '../support/session.ts'
import { useStack } from '../support/test-stack.ts'
import { askAsGate } from './gate-request.ts'

const { stackTest } = useStack()

/** Failures that cost nothing, and the one after which waiting begins. */
const FREE = 11
const STRANGER = '127.0.0.66'

async function failOften(plan: Plan, username: string, times = FREE): Promise<void> {
  const stranger = new Client(plan, STRANGER)
  for (let n = 0; n < times; n += 1) {
    assertProblem(await stranger.signIn(username, `wrong ${n}`), 401, 'invalid_credentials')
  }
}

async function statusFrom(plan: Plan, from: string, { username, password }: Account) {
  return (await new Client(plan, from).signIn(username, password)).status
}

stackTest('after eleven failures an account waits, from every address', async ({ plan }) => {
  const account = await makeAccount(plan)
  await failOften(plan, account.username)
  for (const from of [STRANGER, '127.0.0.67']) {
    const answer = await new Client(plan, from).signIn(account.username, account.password)
    const problem = assertProblem(answer, 429, 'rate_limited')
    assert.equal(problem.retryAfter, 1)
    assert.equal(answer.headers['retry-after'], '1')
    assert.equal(answer.headers['set-cookie'], undefined)
  }
  // Nobody is locked out for good, and the right password wipes the slate.
  await waitFor(async () => assert.equal(await statusFrom(plan, STRANGER, account), 200), 5000)
  await failOften(plan, account.username)
})

stackTest('many guesses at once are counted one by one', async ({ plan }) => {
  const { username } = await makeAccount(plan)
  // Past the gate, so that all of them arrive at one moment.
  const guess = { path: '/login', body: { username, password: 'wrong' } }
  const answers = await Promise.all(Array.from({ length: 40 }, () => askAsGate(plan, guess)))
  const judged = answers.filter(({ status }) => status === 401)
  assert.equal(judged.length, FREE, JSON.stringify(answers.map(({ status }) => status)))
})

stackTest('all spellings of a name are one account, whether it exists or not', async ({ plan }) => {
  const { username } = await makeAccount(plan)
  for (const name of [username, `test-${randomBytes(6).toString('hex')}`]) {
    const spellings = [
      name,
      name.toUpperCase(),
      `${name}\u200d`,
      `\u00ad${name}`,
      name.replace('t', '\uff34'),
    ]
    let judged = 0
    for (let n = 0; n < 2 * FREE; n += 1) {
      const client = new Client(plan, STRANGER)
      const answer = await client.signIn(spellings[n % spellings.length] ?? '', 'wrong')
      if (answer.status === 401) judged += 1
      else assertProblem(answer, 429, 'rate_limited')
    }
    // One more may be let through when the first second of waiting is over.
    assert.ok(judged === FREE || judged === FREE + 1, `${name}: ${judged}`)
  }
})

stackTest('the owner gets in while strangers guess', async ({ plan }) => {
  const account = await makeAccount(plan)
  const home = new Client(plan, '127.0.0.70')
  await home.signIn(account.username, account.password)
  const { value } = sessionOf(plan, home)
  await home.send('/logout', { method: 'POST' })
  // Long enough to be waited for while this test runs.
  await failOften(plan, account.username)
  for (let n = 0; n < 3; n += 1) {
    await waitFor(async () => {
      const { status } = await new Client(plan, STRANGER).signIn(account.username, 'wrong')
      assert.equal(status, 401)
    }, 10_000)
  }
  assert.equal(await statusFrom(plan, '127.0.0.71', account), 429)
  // From the network of the last sign-in, and by a browser that has been signed in before.
  assert.equal(await statusFrom(plan, '127.0.0.70', account), 200)
  const known = bearing(plan, value)
  assert.equal((await known.signIn(account.username, account.password)).status, 200)
  // A cookie of somebody else, or one that is forged, changes nothing.
  const other = await makeAccount(plan)
  const elsewhere = new Client(plan, '127.0.0.72')
  await elsewhere.signIn(other.username, other.password)
  for (const cookie of [sessionOf(plan, elsewhere).value, value.replace(/.$/, '!')]) {
    const client = new Client(plan, '127.0.0.73')
    client.cookies.set(plan.settings.cookieName, cookie)
    assert.equal((await client.signIn(account.username, account.password)).status, 429)
  }
})
