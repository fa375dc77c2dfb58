/** Limit policies as an operator writes them: several for a location, each counting whom it says. */

import assert from 'node:assert/strict'
import { limitKey } from '#contract/redis-keys.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import type { Answer, Client } from '../support/client.ts'
import { plantToken } from '../support/gate-people.ts'
import { editNginx } from '../support/nginx-edit.ts'
import { makePatient } from '../support/patient-gate.ts'
import { newAddress, PlayedClient, signedInFrom, TRUSTING } from '../support/played-client.ts'
import { assertProblem } from '../support/problem.ts'
import { awaitLog } from '../support/proxy-log.ts'
import { rateLimit, rateLimits } from '../support/rate-limit.ts'
import { withRedis } from '../support/redis.ts'
import { useStack } from '../support/test-stack.ts'

const MINUTE_US = 60_000_000

const { stackTest, stack } = useStack({
  ...TRUSTING,
  GATE_LIMIT_CHAT: '"chat";q=3;w=60, "chat-ip";q=5;w=60',
  GATE_LIMIT_LOGIN: '"login";q=3;w=60, "login-day";q=4;w=86400',
  GATE_LIMIT_API: '"api";q=4;w=60',
  GATE_LIMIT_V1: '"v1";q=3;w=60, "v1-user";q=4;w=3600',
})

/** What stands in the locations: whom each policy counts. */
async function prepare(plan: Plan): Promise<void> {
  await makePatient(plan)
  await editNginx(plan, {
    'servers/gateway.conf': (text) =>
      text
        .replace(
          'set $gate_limit $gate_limit_chat_post;',
          'set $gate_limit $gate_limit_chat_post; set $gate_subject $gate_chat_subject;',
        )
        .replaceAll(/(\$gate_limit_v1;\s+set \$gate_subject) token;/g, '$1 "token, user";'),
    'conf.d/limits.conf': (text) =>
      `${text}\nmap $request_method $gate_chat_subject { default user; POST "user, ip, user"; }\n`,
  })
}

let prepared: Promise<void> | undefined
function limitTest(name: string, run: (plan: Plan) => Promise<void>): void {
  stackTest(name, async ({ plan }) => {
    prepared ??= prepare(plan)
    await prepared
    await run(plan)
  })
}

function chat(client: Client): Promise<Answer> {
  const message = 'standin: text=hi delay=0'
  return client.send('/api/chat', { body: { message, stream: false } })
}

/** A sign-in that fails, from an address; the account is another one each time. */
function attempt(address: string): Promise<Answer> {
  const client = new PlayedClient(stack().plan, address)
  return client.signIn(`nobody-${Math.random()}`, 'wrong')
}

function violated(answer: Answer): readonly string[] {
  return assertProblem(answer, 429, 'rate_limited')['violated-policies'] ?? []
}

limitTest('a person and their address are counted side by side', async (plan) => {
  const [here, elsewhere] = [newAddress(), newAddress()]
  const first = await signedInFrom(plan, here)
  const second = await signedInFrom(plan, here)
  for (const left of [2, 1, 0]) {
    const { status, headers } = await chat(first.client)
    assert.equal(status, 200)
    assert.equal(rateLimit(headers, 'chat').remaining, left)
    assert.equal(rateLimit(headers, 'chat-ip').remaining, left + 2)
  }
  assert.deepEqual(violated(await chat(first.client)), ['chat'])
  // Somebody else behind the same address gets what is left of it.
  for (let n = 0; n < 2; n++) assert.equal((await chat(second.client)).status, 200)
  assert.deepEqual(violated(await chat(second.client)), ['chat-ip'])
  // Both are exhausted for the first person, and both are named. (nginx has not seen this session yet;
  // what it remembers of the other one is its first refusal.)
  await first.client.signIn(first.account.username, first.account.password)
  const both = await chat(first.client)
  assert.deepEqual(violated(both), ['chat', 'chat-ip'])
  assert.equal(rateLimits(both.headers).size, 2)
  // Whoever moves leaves the address behind, not themselves.
  second.client.address = elsewhere
  const moved = await chat(second.client)
  assert.equal(moved.status, 200)
  assert.deepEqual(
    [...rateLimits(moved.headers)].map(([name, { remaining }]) => [name, remaining]),
    [
      ['chat', 0],
      ['chat-ip', 4],
    ],
  )
  first.client.address = elsewhere
  assert.deepEqual(violated(await chat(first.client)), ['chat'])
})

limitTest(
  'of many at once from one address exactly as many pass as the address may',
  async (plan) => {
    const address = newAddress()
    const people = [await signedInFrom(plan, address), await signedInFrom(plan, address)]
    const third = await signedInFrom(plan, newAddress())
    third.client.address = address
    const crowd = [...people, third].flatMap(({ client }) =>
      Array.from({ length: 10 }, () => client),
    )
    const answers = await Promise.all(crowd.map(chat))
    assert.equal(answers.filter(({ status }) => status === 200).length, 5)
  },
)

limitTest('addresses: each IPv4 by itself, IPv6 by its /64, mapped ones as IPv4', async () => {
  const groups: readonly (readonly string[])[] = [
    ['192.0.2.7', '192.0.2.7', '::ffff:192.0.2.7', '::FFFF:c000:207'],
    ['192.0.2.8', '192.0.2.8', '192.0.2.8', '192.0.2.8'],
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:DB8:1:2:3:4:5:6', '2001:db8:1:2::'],
    ['2001:db8:1:3::1', '2001:db8:1:3::1', '2001:db8:1:3::1', '2001:db8:1:3::1'],
    ['2001:db8:0:2::1', '2001:db8::2:0:0:0:1', '2001:db8:0:2:8000::', '2001:db8:0:2::f'],
  ]
  for (const [first = '', second = '', third = '', fourth = ''] of groups) {
    for (const address of [first, second, third]) {
      assertProblem(await attempt(address), 401, 'invalid_credentials')
    }
    assert.deepEqual(violated(await attempt(fourth)), ['login'], fourth)
  }
})

limitTest('the key of an address is what the limit is written for', async (plan) => {
  const answer = await attempt('2001:db8:77:88:1:2:3:4')
  const key = limitKey('ip:2001:db8:77:88::/64', 'login', 60)
  const ids = await withRedis(plan, (redis) => redis.zrange(key, 0, '-1'))
  assert.deepEqual(ids, [String(answer.headers['x-request-id'])])
  // The whole address is what the log shows.
  const row = await awaitLog(plan, String(answer.headers['x-request-id']))
  assert.equal(row.ip, '2001:db8:77:88:1:2:3:4')
})

limitTest('of a chain of proxies the last that is not ours counts', async () => {
  const address = newAddress()
  const claims = ['203.0.113.1', '203.0.113.2', '127.0.0.1', '::1', 'unknown', '']
  const chains = claims.map((claim) => (claim === '' ? address : `${claim}, ${address}`))
  for (const chain of chains.slice(0, 3)) {
    assertProblem(await attempt(chain), 401, 'invalid_credentials')
  }
  for (const chain of chains) assert.deepEqual(violated(await attempt(chain)), ['login'], chain)
  assert.deepEqual(violated(await attempt(`${address}, 127.0.0.1`)), ['login'])
})

limitTest('a minute and a day hold together, and each refuses by itself', async (plan) => {
  const address = newAddress()
  const minute = limitKey(`ip:${address}`, 'login', 60)
  for (let n = 0; n < 3; n++) assert.equal((await attempt(address)).status, 401)
  const byMinute = await attempt(address)
  assert.deepEqual(violated(byMinute), ['login'])
  assert.equal(rateLimit(byMinute.headers, 'login-day').remaining, 1)
  assert.ok(Number(byMinute.headers['retry-after']) <= 60)

  // A minute later, and nginx has forgotten the refusal by then.
  const other = newAddress()
  const [minuteOfOther, dayOfOther] = [
    limitKey(`ip:${other}`, 'login', 60),
    limitKey(`ip:${other}`, 'login-day', 86_400),
  ]
  for (let n = 0; n < 3; n++) assert.equal((await attempt(other)).status, 401)
  await ageBy(plan, minuteOfOther, MINUTE_US)
  assert.equal((await attempt(other)).status, 401)
  const byDay = await attempt(other)
  assert.deepEqual(violated(byDay), ['login-day'])
  assert.equal(rateLimit(byDay.headers, 'login').remaining, 2)
  const wait = Number(byDay.headers['retry-after'])
  assert.ok(wait > 86_300 && wait <= 86_400, `Retry-After ${wait}`)
  assert.match(assertProblem(byDay, 429, 'rate_limited').detail, /^At most 4 per day\./)
  assert.equal(await withRedis(plan, (redis) => redis.zcard(dayOfOther)), 4)
  assert.equal(await withRedis(plan, (redis) => redis.zcard(minute)), 3)
})

limitTest('where both refuse, the time to wait is that of the longer one', async (plan) => {
  const address = newAddress()
  await withRedis(plan, async (redis) => {
    const [seconds] = await redis.time()
    for (let n = 0; n < 4; n++) {
      const score = String(Number(seconds) * 1_000_000)
      await redis.zadd(limitKey(`ip:${address}`, 'login', 60), score, `planted-${n}`)
      await redis.zadd(limitKey(`ip:${address}`, 'login-day', 86_400), score, `planted-${n}`)
    }
  })
  // As Redis says it, and as nginx remembers it.
  for (let n = 0; n < 2; n++) {
    const answer = await attempt(address)
    assert.deepEqual(violated(answer), ['login', 'login-day'])
    const reset = rateLimit(answer.headers, 'login-day').reset ?? 0
    assert.ok(reset > 86_300)
    assert.equal(answer.headers['retry-after'], String(reset))
  }
})

limitTest('a token is counted by itself, its user across tokens', async (plan) => {
  const { account } = await signedInFrom(plan, newAddress())
  const [first, second] = [await plantToken(plan, account.id), await plantToken(plan, account.id)]
  const call = (token: string) =>
    new PlayedClient(plan, newAddress()).send('/v1/models', {
      headers: { Authorization: `Bearer ${token}` },
    })
  for (const left of [2, 1, 0]) {
    const { status, headers } = await call(first)
    assert.equal(status, 200)
    assert.equal(rateLimit(headers, 'v1').remaining, left)
    assert.equal(rateLimit(headers, 'v1-user').remaining, left + 1)
  }
  assert.equal((await call(first)).status, 429)
  const other = await call(second)
  assert.equal(other.status, 200)
  assert.equal(rateLimit(other.headers, 'v1').remaining, 2)
  assert.equal(rateLimit(other.headers, 'v1-user').remaining, 0)
  const refused = await call(second)
  assert.equal(refused.status, 429)
  assert.equal(rateLimit(refused.headers, 'v1').remaining, 2)
})

limitTest('sign-ins, writes, chats and programs are counted apart', async (plan) => {
  const { client, account } = await signedInFrom(plan, newAddress())
  const token = await plantToken(plan, account.id)
  const asks: Readonly<Record<string, () => Promise<Answer>>> = {
    login: () => attempt(client.address),
    api: () => client.send('/api/nothing-here', { method: 'POST', body: {} }),
    chat: () => chat(client),
    v1: () => client.send('/v1/models', { headers: { Authorization: `Bearer ${token}` } }),
  }
  const used: string[] = []
  for (const [name, ask] of Object.entries(asks)) {
    let answers = 0
    while ((await ask()).status !== 429) {
      answers += 1
      assert.ok(answers <= 4, `${name} is never refused`)
    }
    // One sign-in came before.
    assert.equal(answers, { login: 2, api: 4, chat: 3, v1: 3 }[name], name)
    used.push(name)
    for (const other of used) assert.equal((await asks[other]?.())?.status, 429, other)
  }
  assert.equal((await client.send('/api/me')).status, 200)
})

/** Makes everything in a window older. */
async function ageBy(plan: Plan, key: string, us: number): Promise<void> {
  await withRedis(plan, async (redis) => {
    for (const id of await redis.zrange(key, 0, '-1')) await redis.zincrby(key, -us, id)
  })
}
