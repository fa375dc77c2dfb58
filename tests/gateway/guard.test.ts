import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type BareNginx, startBareNginx } from '../support/bare-nginx.ts'

const HANDLERS = [
  ...['allows', 'allowsAtOnce', 'allowsBeforeItWaits'],
  ...['denies', 'deniesAtOnce', 'deniesThenAllows'],
  ...['neverConcludes', 'concludesTooLate'],
  ...['throwsAtOnce', 'throwsLater', 'failsLater', 'breaksAtOnce', 'breaksLater'],
  ...['forgets', 'forgetsAtOnce', 'answersNonsense', 'promises', 'unguardedForgets'],
]

/** What the guard reads of a location, as conf.d/variables.conf puts it together. */
const SETTINGS = {
  gate_cookie: '__Host-sid',
  gate_session_secret: 's'.repeat(32),
  gate_token_secret: 't'.repeat(32),
  gate_session_idle: '7d',
  gate_session_absolute: '30d',
  gate_session_cache: '2s',
  gate_session_stale: '60s',
  gate_deadline: '300ms',
  gate_server_timing: 'off',
  gate_limit: '$gate_limit',
  gate_subject: 'user',
  gate_role: '',
  gate_redis_loss: 'local',
}

const WRITTEN = [
  ...['gate_user', 'gate_user_role', 'gate_session', 'gate_token', 'gate_slot', 'gate_verdict'],
  ...[
    'gate_refused_user',
    'gate_ratelimit',
    'gate_ratelimit_policy',
    'gate_timing',
    'gate_retry_after',
  ],
]

const HTTP = `
  ${WRITTEN.map((name) => `js_var $${name} "";`).join('\n')}
  map "" $gate_common { default ""; }
  map "" $gate_place {
    volatile;
    default "${Object.entries(SETTINGS)
      .map(([name, value]) => `${name}=${value}`)
      .join('\\n')}";
  }
  js_shared_dict_zone zone=gate_counters:64k type=number;
  js_shared_dict_zone zone=gate_said:64k timeout=10m evict;
  server {
    listen 127.0.0.1:PORT;
    set $gate_limit "";
    add_header X-Request-Id $request_id always;
    add_header X-Verdict $gate_verdict always;
    location = /slow { internal; proxy_pass http://127.0.0.1:SLOW; }
    location = /behind { return 200 "let through as user [$arg_user]"; }
    location / { return 404; }
    ${HANDLERS.map(
      (name) => `location = /${name} {
        js_access gate.${name};
        proxy_pass http://127.0.0.1:PORT/behind?user=$gate_user;
      }`,
    ).join('\n')}
    location = /malformed-setting {
      set $gate_limit '"chat";q=none';
      js_access gate.allows;
      proxy_pass http://127.0.0.1:PORT/behind;
    }
  }`

let nginx: BareNginx
/** Answers the subrequest of concludesTooLate only when it is told to. */
const slow = createServer()
before(async () => {
  slow.listen(0, '127.0.0.1')
  await once(slow, 'listening')
  const { port } = slow.address() as AddressInfo
  const entry = fileURLToPath(new URL('../support/guarded-handlers.ts', import.meta.url))
  nginx = await startBareNginx(entry, HTTP.replaceAll('SLOW', String(port)))
})
after(async () => {
  slow.closeAllConnections()
  slow.close()
  await nginx.stop()
})

async function ask(
  path: string,
): Promise<{ status: number; text: string; verdict: string | null }> {
  const response = await fetch(`${nginx.url}/${path}`)
  return {
    status: response.status,
    text: await response.text(),
    verdict: response.headers.get('X-Verdict'),
  }
}

test('js_access itself lets a forgetful handler through: the reason for the guard', async () => {
  const { status, text } = await ask('unguardedForgets')
  assert.equal(status, 200)
  assert.match(text, /let through/)
})

for (const name of ['allows', 'allowsAtOnce', 'allowsBeforeItWaits']) {
  test(`${name}: a clear allow passes, with the identity set`, async () => {
    const answer = await ask(name)
    assert.equal(answer.status, 200)
    assert.equal(answer.text, 'let through as user [7]')
  })
}

const REFUSED: readonly [string, number, string][] = [
  ['denies', 403, 'forbidden'],
  ['deniesAtOnce', 403, 'forbidden'],
  ['deniesThenAllows', 403, 'forbidden'],
  ['neverConcludes', 503, 'session_store_unavailable'],
  ['throwsLater', 503, 'session_store_unavailable'],
  ['throwsAtOnce', 500, 'internal'],
  ['failsLater', 500, 'internal'],
  ['forgets', 500, 'internal'],
  ['forgetsAtOnce', 500, 'internal'],
  ['answersNonsense', 500, 'internal'],
  ['promises', 500, 'internal'],
  ['malformed-setting', 500, 'internal'],
]

for (const [name, status, code] of REFUSED) {
  test(`${name}: refused with ${status} ${code}, the location behind is never reached`, async () => {
    const answer = await ask(name)
    assert.equal(answer.status, status)
    assert.equal(answer.verdict, code)
    assert.doesNotMatch(answer.text, /let through/)
    const problem = JSON.parse(answer.text)
    assert.equal(problem.code, code)
    assert.match(problem.request_id, /^[0-9a-f]{32}$/)
  })
}

for (const name of ['breaksAtOnce', 'breaksLater']) {
  test(`${name}: what cannot be let through in order is refused with 500`, async () => {
    const { status, text, verdict } = await ask(name)
    assert.equal(status, 500)
    assert.equal(verdict, 'internal')
    assert.doesNotMatch(text, /let through/)
  })
}

test('a malformed setting is named in the log', async () => {
  await ask('malformed-setting')
  assert.match(await nginx.log(), /\$gate_limit = .*chat.*not a policy/)
})

test('a decision that comes after the deadline changes nothing', async () => {
  for (let round = 0; round < 3; round++) {
    const waiting = once(slow, 'request') as Promise<[IncomingMessage, ServerResponse]>
    const answer = await ask('concludesTooLate')
    assert.equal(answer.status, 503)
    assert.doesNotMatch(answer.text, /let through/)
    const [, response] = await waiting
    response.end('now')
    assert.equal((await ask('denies')).status, 403)
    assert.equal((await ask('allows')).status, 200)
  }
})

test('a client that leaves while the decision is pending harms nobody', async () => {
  for (let round = 0; round < 10; round++) {
    const waiting = once(slow, 'request') as Promise<[IncomingMessage, ServerResponse]>
    const client = connect(Number(new URL(nginx.url).port), '127.0.0.1')
    client.write('GET /concludesTooLate HTTP/1.1\r\nHost: x\r\n\r\n')
    const [, response] = await waiting
    client.destroy()
    if (round % 2 === 0) response.end('now')
  }
  assert.equal((await ask('denies')).status, 403)
})

test('no nginx process has died meanwhile', async () => {
  assert.doesNotMatch(await nginx.log(), /exited on signal/)
})
