/** Quotas as administrators set them and people see them. */

import assert from 'node:assert/strict'
import type { AdminQuotaReport, QuotaReport, QuotaStanding, QuotaTerm } from '#contract/quota.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { type Account, signedIn } from './accounts.ts'
import type { Client } from './client.ts'

/** Sets a user's quotas as an administrator does and returns what they are then. */
export async function setQuotas(
  admin: Client,
  uid: string,
  ...quotas: readonly QuotaTerm[]
): Promise<AdminQuotaReport> {
  const path = `/admin/api/users/${uid}/quota`
  const { version } = (await admin.send(path)).json<AdminQuotaReport>()
  const answer = await admin.send(path, { method: 'PUT', body: { version, quotas } })
  assert.equal(answer.status, 200, answer.text)
  return answer.json<AdminQuotaReport>()
}

export function tokensPer(period: 'day' | 'month', amount: number): QuotaTerm {
  return { unit: 'tokens', period, amount }
}

export function moneyPer(period: 'day' | 'month', amount: string): QuotaTerm {
  return { unit: 'money', period, amount, currency: 'CNY' }
}

/** Returns somebody who is signed in and has these quotas. */
export async function personWithin(
  plan: Plan,
  ...quotas: readonly QuotaTerm[]
): Promise<{ readonly client: Client; readonly account: Account; readonly admin: Client }> {
  const [{ client, account }, { client: admin }] = await Promise.all([
    signedIn(plan),
    signedIn(plan, 'admin'),
  ])
  await setQuotas(admin, account.id, ...quotas)
  return { client, account, admin }
}

/** Returns where somebody stands with the first quota. */
export async function standingOf(client: Client, path = '/api/me/quota'): Promise<QuotaStanding> {
  const answer = await client.send(path)
  assert.equal(answer.status, 200, answer.text)
  const [first] = answer.json<QuotaReport>().quotas
  assert.ok(first)
  return first
}
