/** A policy that got past every check: its location fails closed, the others do not notice. */

import assert from 'node:assert/strict'
import type { Plan } from '../../scripts/stack/plan.ts'
import { signedIn } from '../support/accounts.ts'
import { Client } from '../support/client.ts'
import { plantToken } from '../support/gate-people.ts'
import { editNginx, nginxProcesses } from '../support/nginx-edit.ts'
import { NginxLog } from '../support/nginx-log.ts'
import { ROOMY } from '../support/own-stack.ts'
import { assertProblem } from '../support/problem.ts'
import { recordedCalls } from '../support/standin-journal.ts'
import { useStack } from '../support/test-stack.ts'

const { stackTest } = useStack(ROOMY)

const MESSAGE = 'standin: text=hi delay=0'
const CHAT = /location = \/api\/chat \{\s+set \$gate_limit \$gate_limit_chat_post;/

/** What may go wrong in the settings of the chat, and how the log tells it. */
const MISTAKES: readonly [what: string, settings: string, told: string][] = [
  ['a quota that is no number', `set $gate_limit '"chat";q=many;w=60';`, 'q=many'],
  ['no window', `set $gate_limit '"chat";q=5';`, '$gate_limit = "\\"chat\\";q=5"'],
  ['a quota of nothing', `set $gate_limit '"chat";q=0;w=60';`, 'q must be 1 to 2000'],
  ['an unknown subject', 'set $gate_subject country;', '$gate_subject = "country"'],
  ['too many subjects', 'set $gate_subject "user, ip, token";', '3 subjects for'],
  ['an unknown role', 'set $gate_role boss;', '$gate_role = "boss"'],
  ['an unknown way out', 'set $gate_redis_loss open;', '$gate_redis_loss = "open"'],
]

function breakChat(plan: Plan, settings: string): Promise<void> {
  return editNginx(plan, {
    'servers/gateway.conf': (text) => text.replace(CHAT, (whole) => `${whole}\n${settings}`),
  })
}

function mend(plan: Plan, settings: string): Promise<void> {
  return editNginx(plan, {
    'servers/gateway.conf': (text) => text.replace(`\n${settings}`, ''),
  })
}

for (const [what, settings, told] of MISTAKES) {
  stackTest(
    `${what}: the location is closed, the rest open, and one line says why`,
    async ({ plan }) => {
      const log = new NginxLog(plan)
      await breakChat(plan, settings)
      assert.ok(nginxProcesses(plan).length >= 2, 'several processes of nginx')
      const { client, account } = await signedIn(plan)
      // Each on a connection of its own, so that every process gets some.
      const crowd = Array.from({ length: 40 }, () => {
        const one = new Client(plan)
        for (const [name, value] of client.cookies) one.cookies.set(name, value)
        return one
      })
      for (const one of crowd) {
        const answer = await one.send('/api/chat', { body: { message: MESSAGE, stream: false } })
        const { request_id: id, detail } = assertProblem(answer, 500, 'internal')
        assert.doesNotMatch(detail, /gate_/)
        assert.deepEqual(await recordedCalls(plan, id), [])
        one.close()
      }
      const lines = log.lines(/\[error\]/)
      assert.equal(lines.length, 1, lines.join('\n'))
      assert.ok(lines[0]?.includes(told), lines[0])
      assert.match(lines[0] ?? '', /nginx\/servers\/gateway\.conf/)
      // Nobody signed in, no cookie: closed as well, before anything else is looked at.
      assert.equal((await new Client(plan).send('/api/chat', { body: {} })).status, 500)

      const token = await plantToken(plan, account.id)
      assert.equal((await client.send('/api/me')).status, 200)
      assert.equal((await client.send('/chat')).status, 200)
      assert.equal((await client.send('/api/x', { method: 'POST', body: {} })).status, 404)
      const headers = { Authorization: `Bearer ${token}` }
      assert.equal((await client.send('/v1/models', { headers })).status, 200)
      await signedIn(plan)

      await mend(plan, settings)
      // Or it would take a connection that the old process is just closing.
      client.close()
      const answer = await client.send('/api/chat', { body: { message: MESSAGE, stream: false } })
      assert.equal(answer.status, 200, answer.text)
    },
    { provokes: /gate: \$gate_/ },
  )
}

stackTest(
  'a broken tunable closes every location that reads it, and is told with its file',
  async ({ plan }) => {
    const log = new NginxLog(plan)
    const rendered = 'rendered/tunables.conf'
    const right = '$gate_session_idle "7d"'
    await editNginx(plan, {
      [rendered]: (text) => text.replace(right, '$gate_session_idle "ever"'),
    })
    const client = new Client(plan)
    for (const path of ['/api/me', '/chat', '/admin/api/keys']) {
      assert.equal((await client.send(path)).status, 500, path)
    }
    assert.equal((await client.signIn('a', 'b')).status, 500)
    // What has no guard is still there: the page to sign in, and health.
    for (const path of ['/login', '/healthz']) assert.equal((await client.send(path)).status, 200)
    const lines = log.lines(/\[error\]/)
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.match(lines[0] ?? '', /\$gate_session_idle = "ever".*nginx\/templates\/tunables\.conf/)
    await editNginx(plan, {
      [rendered]: (text) => text.replace('$gate_session_idle "ever"', right),
    })
    client.close()
    assert.equal((await client.send('/api/me')).status, 401)
  },
  { provokes: /gate: \$gate_/ },
)
