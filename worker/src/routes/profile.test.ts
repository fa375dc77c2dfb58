import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Problem } from '#contract/problem.ts'
import type { Profile } from '#contract/usage.ts'
import { createApp } from '../app.ts'
import { fakeDeps, gateHeaders, jsonOf } from '../fake-deps.ts'
import type { Profiles } from '../stores/profiles.ts'

/** Sends a change of one's profile. */
async function change(body: unknown) {
  const zones = new Map<string, string | null>()
  const profiles: Profiles = {
    timezone: async (uid) => zones.get(uid) ?? null,
    setTimezone: async (uid, timezone) => {
      zones.set(uid, timezone)
      return true
    },
  }
  const response = await createApp(fakeDeps({ profiles })).request('/api/me', {
    method: 'PATCH',
    body: JSON.stringify(body),
    headers: { ...gateHeaders('2'), 'Content-Type': 'application/json' },
  })
  return {
    status: response.status,
    body: await jsonOf<Partial<Profile & Problem>>(response),
    chosen: zones.get('2'),
  }
}

test('a zone is chosen, and given up again', async () => {
  for (const timezone of ['Asia/Kathmandu', 'America/Argentina/Buenos_Aires', 'UTC', 'Etc/GMT+5']) {
    const { body, chosen } = await change({ timezone })
    assert.deepEqual([body, chosen], [{ timezone }, timezone])
  }
  const none = await change({ timezone: null })
  assert.deepEqual([none.body, none.chosen], [{ timezone: 'Asia/Shanghai' }, null])
})

test('what is no zone is refused, and nothing is stored', async () => {
  const wrong = ['Mars/Olympus', '+08:00', '', ' UTC', 'UTC\0', "UTC'--", 'A/'.repeat(40), 8]
  for (const timezone of wrong) {
    const { status, body, chosen } = await change({ timezone })
    assert.equal(status, 400, String(timezone))
    assert.equal(body.errors?.[0]?.field, 'timezone')
    assert.equal(chosen, undefined)
  }
  assert.equal((await change({})).status, 400)
  assert.equal((await change({ timezone: 'UTC', role: 'admin' })).status, 400)
})
