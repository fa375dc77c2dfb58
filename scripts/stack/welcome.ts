/** What a person reads when everything runs. */

import { DEFAULT_PASSWORD } from '../../worker/src/env.ts'
import type { Plan } from './plan.ts'

/** Returns the lines with address, account and what to know. */
export function welcome(plan: Plan, tookMs: number): string {
  const { admin } = plan.worker
  const isDefault = admin.password === DEFAULT_PASSWORD
  const lines = [
    '',
    `Chatgate is running (${(tookMs / 1000).toFixed(1)} s).`,
    '',
    `  Address   ${plan.url}`,
    `  Account   ${admin.username}`,
    `  Password  ${isDefault ? `${admin.password}  (the default; ADMIN_PASSWORD at the first start chooses another)` : 'as set in ADMIN_PASSWORD when the account was made'}`,
    '',
  ]
  if (plan.usesStandin) {
    lines.push(
      '  No DEEPSEEK_API_KEY is set: answers come from the local stand-in, not from a model.',
      '  Add a key on /admin, or set DEEPSEEK_API_KEY and start again.',
      '',
    )
  }
  lines.push('  npm run status · npm run logs -- worker · npm stop', '')
  return lines.join('\n')
}
