/** Setting quotas: by whom, of whom, and only in the place of what one has seen. */

import assert from 'node:assert/strict'
import type { AdminQuotaReport } from '#contract/quota.ts'
import { signedIn } from '../support/accounts.ts'
import { assertProblem } from '../support/problem.ts'
import { moneyPer, tokensPer } from '../support/quotas.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack()

const QUOTAS = [tokensPer('day', 1000), moneyPer('month', '12.5')]

stackTest('a quota is set, read, changed and taken away', async ({ plan }) => {
  const { client: admin } = await signedIn(plan, 'admin')
  const { client, account } = await signedIn(plan)
  const path = `/admin/api/users/${account.id}/quota`
  const report = (await admin.send(path)).json<AdminQuotaReport>()
  assert.deepEqual(report, { quotas: [], timezone: 'Asia/Shanghai', version: 0 })
  const set = async (version: number, quotas: readonly object[]) =>
    admin.send(path, { method: 'PUT', body: { version, quotas } })
  assert.equal((await set(0, QUOTAS)).status, 200)
  const seen = (await client.send('/api/me/quota')).json<AdminQuotaReport>()
  assert.deepEqual(
    seen.quotas.map(({ unit, period, amount, used, left }) => [unit, period, amount, used, left]),
    [
      ['tokens', 'day', 1000, 0, 1000],
      ['money', 'month', '12.5', '0', '12.5'],
    ],
  )
  // The same again is no change; something else is.
  assert.equal((await set(1, [...QUOTAS].reverse())).json<AdminQuotaReport>().version, 1)
  const later = (await set(1, [tokensPer('month', 5)])).json<AdminQuotaReport>()
  assert.deepEqual([later.version, later.quotas.length], [2, 1])
  assert.equal((await set(2, [])).json<AdminQuotaReport>().version, 3)
  // A version never comes back.
  assert.equal((await set(3, QUOTAS)).json<AdminQuotaReport>().version, 4)
})

stackTest('who has not seen the last change is told so', async ({ plan }) => {
  const { client: admin } = await signedIn(plan, 'admin')
  const { account } = await signedIn(plan)
  const path = `/admin/api/users/${account.id}/quota`
  const set = (version: number, amount: number) =>
    admin.send(path, { method: 'PUT', body: { version, quotas: [tokensPer('day', amount)] } })
  const answers = await Promise.all([1, 2, 3, 4].map((amount) => set(0, amount)))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409, 409])
  for (const answer of answers) if (answer.status !== 200) assertProblem(answer, 409, 'conflict')
  assertProblem(await set(0, 9), 409, 'conflict')
  assert.equal((await set(1, 9)).status, 200)
})

stackTest('what is no quota is refused', async ({ plan }) => {
  const { client: admin } = await signedIn(plan, 'admin')
  const { client, account } = await signedIn(plan)
  const path = `/admin/api/users/${account.id}/quota`
  const set = (quotas: unknown) => admin.send(path, { method: 'PUT', body: { version: 0, quotas } })
  for (const quotas of [
    null,
    [tokensPer('day', -1)],
    [tokensPer('day', 1.5)],
    [tokensPer('day', 1e13)],
    [tokensPer('day', 1), tokensPer('day', 2)],
    [moneyPer('day', '900000.0000000001')],
    [moneyPer('day', '1e3')],
    [moneyPer('day', '-1')],
    [moneyPer('day', '0.00000000001')],
    [{ ...moneyPer('day', '1'), currency: 'USD' }],
    [{ ...tokensPer('day', 1), period: 'week' }],
  ]) {
    assertProblem(await set(quotas), 400, 'invalid_request')
  }
  for (const method of ['GET', 'PUT']) {
    const body = method === 'GET' ? {} : { body: { version: 0, quotas: [] } }
    assertProblem(await client.send(path, { method, ...body }), 403, 'admin_only')
    const nobody = '/admin/api/users/99999999/quota'
    assertProblem(await admin.send(nobody, { method, ...body }), 404, 'not_found')
  }
})
