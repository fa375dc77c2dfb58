/** admit.lua and who asks: sessions, access tokens, and a user's own limits. */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Redis } from 'ioredis'
import type { LimitPolicy } from '#contract/limit-policy.ts'
import { limitKey, sessionKey, tokenKey, userKey } from '#contract/redis-keys.ts'
import type { AdmissionQuestion } from '../../njs/src/domain/admission.ts'
import type { Credential } from '../../njs/src/domain/credential.ts'
import { askScript, contentsOf, loadAdmitScript, redisTime } from '../support/admit-script.ts'
import { type OutsideServer, outsideRedis } from '../support/outside-server.ts'
import { connectRedis } from '../support/redis.ts'

const IDLE = 600
const ABSOLUTE = 3600
const CHAT: LimitPolicy = { kind: 'window', name: 'chat', quota: 2, windowSeconds: 60 }
const STREAMS: LimitPolicy = { kind: 'concurrent', name: 'streams', quota: 2, windowSeconds: 10 }

let server: OutsideServer
let redis: Redis
before(async () => {
  server = await outsideRedis()
  redis = await connectRedis(server.settings['REDIS_URL'] ?? '')
  await loadAdmitScript(redis)
})
after(async () => {
  redis?.disconnect()
  await server?.remove()
})

let lastUid = 0

type Fields = Readonly<Record<string, string>>

interface Person {
  readonly uid: string
  readonly session: Credential
  readonly token: Credential
}

async function nowSeconds(): Promise<number> {
  return Math.floor((await redisTime(redis)) / 1_000_000)
}

/** Makes a user with a session and a token; the fields given take the place of good ones. */
async function makePerson(user: Fields = {}, session: Fields = {}): Promise<Person> {
  lastUid += 1
  const uid = String(lastUid)
  const now = String(await nowSeconds())
  await redis.hset(userKey(uid), {
    ...{ epoch: '3', state: 'enabled', role: 'user', name: 'ann', limits: '' },
    ...user,
  })
  const key = sessionKey(uid, 'hash')
  await redis.hset(key, { created: now, last: now, epoch: '3', ip: '', ua: '', ...session })
  await redis.expire(key, IDLE)
  await redis.hset(tokenKey(uid, 'hash'), { id: '42', expires: '' })
  return {
    uid,
    session: { kind: 'session', uid, hash: 'hash' },
    token: { kind: 'token', uid, hash: 'hash' },
  }
}

function question(
  credential: Credential,
  policies: readonly LimitPolicy[] = [],
): AdmissionQuestion {
  const subject = `u:${credential.uid}`
  return {
    requestId: randomUUID(),
    credential,
    idleSeconds: IDLE,
    absoluteSeconds: ABSOLUTE,
    policies: policies.map((policy) => ({ policy, subject, ownName: policy.name })),
  }
}

async function kindOf(credential: Credential): Promise<string> {
  return (await askScript(redis, question(credential, [CHAT]))).kind
}

test('a good session is answered with what the gate has to know of its user', async () => {
  const { session } = await makePerson({ role: 'admin', epoch: '3', limits: 'chat=9' })
  const admission = await askScript(redis, question(session))
  assert.deepEqual(admission, {
    kind: 'answered',
    holder: { role: 'admin', epoch: 3, limits: 'chat=9', tokenId: '' },
    admitted: true,
    states: [],
  })
})

const BAD_SESSIONS: readonly [string, Fields, Fields][] = [
  ['of a disabled user', { state: 'disabled' }, {}],
  ['of an earlier epoch', { epoch: '4' }, {}],
  ['of a later epoch than its user', { epoch: '2' }, {}],
]

for (const [what, user, session] of BAD_SESSIONS) {
  test(`a session ${what} is over, and counts nowhere`, async () => {
    const { uid, session: credential } = await makePerson(user, session)
    const before = await contentsOf(redis)
    assert.equal(await kindOf(credential), 'none')
    assert.deepEqual(await contentsOf(redis), before)
    assert.equal(await redis.exists(limitKey(`u:${uid}`, 'chat', 60)), 0)
  })
}

test('an unknown session, and one whose user has no copy, are over', async () => {
  const { uid, session } = await makePerson()
  assert.equal(await kindOf({ ...session, hash: 'other' }), 'none')
  await redis.del(userKey(uid))
  assert.equal(await kindOf(session), 'none')
})

test('a session ends with its idle and with its absolute time, to the second', async () => {
  const now = await nowSeconds()
  const times: readonly [string, string, boolean][] = [
    // Some seconds of room, because the clock goes on meanwhile.
    [String(now - ABSOLUTE + 30), String(now), true],
    [String(now - ABSOLUTE), String(now), false],
    [String(now - 1000), String(now - IDLE + 30), true],
    [String(now - 1000), String(now - IDLE), false],
  ]
  for (const [created, last, isGood] of times) {
    const { uid, session } = await makePerson({}, { created, last })
    assert.equal(
      await kindOf(session),
      isGood ? 'answered' : 'none',
      `${created} ${last} at ${now}`,
    )
    assert.equal(await redis.exists(sessionKey(uid, 'hash')), isGood ? 1 : 0)
  }
})

test('a session in use is kept alive, written at most once a minute', async () => {
  const now = await nowSeconds()
  const young = await makePerson({}, { last: String(now - 50) })
  const before = await contentsOf(redis)
  await askScript(redis, question(young.session))
  assert.deepEqual(await contentsOf(redis), before)

  const rested = await makePerson({}, { last: String(now - 90) })
  const key = sessionKey(rested.uid, 'hash')
  await redis.expire(key, 300)
  await askScript(redis, question(rested.session))
  assert.ok(Number(await redis.hget(key, 'last')) >= now)
  const ttl = await redis.ttl(key)
  assert.ok(ttl > IDLE - 5 && ttl <= IDLE, `TTL ${ttl}`)

  // Never beyond the absolute time.
  const old = await makePerson(
    {},
    { created: String(now - ABSOLUTE + 100), last: String(now - 90) },
  )
  await askScript(redis, question(old.session))
  const rest = await redis.ttl(sessionKey(old.uid, 'hash'))
  assert.ok(rest > 90 && rest <= 100, `TTL ${rest}`)
})

test('a good token is answered with its id and its user', async () => {
  const { token } = await makePerson({ role: 'user', limits: 'v1=7' })
  const admission = await askScript(redis, question(token, [CHAT]))
  assert.ok(admission.kind === 'answered' && admission.admitted)
  assert.deepEqual(admission.holder, { role: 'user', epoch: 3, limits: 'v1=7', tokenId: '42' })
})

test('a token that Redis does not know, or whose user it does not, is a miss', async () => {
  const { uid, token } = await makePerson()
  assert.equal(await kindOf({ ...token, hash: 'other' }), 'miss')
  await redis.del(userKey(uid))
  assert.equal(await kindOf(token), 'miss')
  assert.equal(await redis.exists(limitKey(`u:${uid}`, 'chat', 60)), 0)
})

test('a token is over when it has expired or its user is disabled', async () => {
  const { uid, token } = await makePerson()
  const now = await nowSeconds()
  for (const [expires, kind] of [
    [String(now + 30), 'answered'],
    [String(now), 'none'],
    [String(now - 1), 'none'],
    ['', 'answered'],
  ] as const) {
    await redis.hset(tokenKey(uid, 'hash'), { expires })
    assert.equal(await kindOf(token), kind, expires)
  }
  await redis.hset(userKey(uid), { state: 'disabled' })
  assert.equal(await kindOf(token), 'none')
})

test('a session is no token and a token no session', async () => {
  const { uid, session, token } = await makePerson()
  await redis.del(tokenKey(uid, 'hash'))
  assert.equal(await kindOf(token), 'miss')
  await redis.hset(tokenKey(uid, 'hash'), { id: '42', expires: '' })
  await redis.del(sessionKey(uid, 'hash'))
  assert.equal(await kindOf(session), 'none')
})

test('a user’s own limits take the place of the policies’, by name', async () => {
  const others = 'chatter=9,chat-ip=9,slow-chat=9'
  const cases: readonly [string, number][] = [
    ['chat=4', 4],
    [`${others},chat=1`, 1],
    [`chat=3,${others}`, 3],
    // Names that only look alike change nothing.
    [others, 2],
    ['', 2],
  ]
  for (const [limits, expected] of cases) {
    const { uid, session } = await makePerson({ limits })
    const answers = []
    for (let n = 0; n <= expected; n++) {
      answers.push(await askScript(redis, question(session, [CHAT])))
    }
    const admitted = answers.map((one) => one.kind === 'answered' && one.admitted)
    assert.deepEqual(admitted, [...Array<boolean>(expected).fill(true), false], limits)
    const [first] = answers
    assert.ok(first?.kind === 'answered')
    assert.equal(first.states[0]?.quota, expected, limits)
    assert.equal(await redis.zcard(limitKey(`u:${uid}`, 'chat', 60)), expected)
  }
})

test("a token's own limits hold for what counts the token, beside those of its user", async () => {
  const { uid, token } = await makePerson({ limits: 'chat=9,streams=7' })
  await redis.hset(tokenKey(uid, 'hash'), { limits: 'token.chat=3' })
  const { policies, ...rest } = question(token, [CHAT, STREAMS])
  const [chat, streams] = policies
  assert.ok(chat && streams)
  const byToken = { ...chat, subject: 't:hash', ownName: 'token.chat' }
  const answer = await askScript(redis, { ...rest, policies: [byToken, streams] })
  assert.ok(answer.kind === 'answered' && answer.admitted)
  assert.deepEqual(
    answer.states.map(({ quota }) => quota),
    [3, 7],
  )
  assert.equal(answer.holder?.limits, 'chat=9,streams=7,token.chat=3')
})

test('own limits count for running answers too, and never for an address', async () => {
  const { uid, session } = await makePerson({ limits: 'streams=1,chat=9' })
  const address = { policy: CHAT, subject: `ip:${randomUUID()}`, ownName: '' }
  const mixed = () => {
    const { policies, ...rest } = question(session, [STREAMS])
    return { ...rest, policies: [...policies, address] }
  }
  assert.ok(await isAdmitted(mixed()))
  assert.ok(!(await isAdmitted(mixed())), 'a second answer at once')
  await redis.del(`{u:${uid}}:slots:streams`)
  assert.ok(await isAdmitted(mixed()))
  await redis.del(`{u:${uid}}:slots:streams`)
  assert.ok(!(await isAdmitted(mixed())), 'a third of the address')
})

test('a limit changed for one user applies to the next request', async () => {
  const { uid, session } = await makePerson()
  for (const expected of [true, true, false]) {
    assert.equal(await isAdmitted(question(session, [CHAT])), expected)
  }
  await redis.hset(userKey(uid), { limits: 'chat=3' })
  assert.ok(await isAdmitted(question(session, [CHAT])))
  await redis.hset(userKey(uid), { limits: 'chat=1' })
  assert.ok(!(await isAdmitted(question(session, [CHAT]))))
})

test('half a copy or half a session lets nobody in', async () => {
  const halves: readonly [string, (uid: string) => Promise<unknown>][] = [
    ['no role', (uid) => redis.hdel(userKey(uid), 'role')],
    ['no epoch', (uid) => redis.hdel(userKey(uid), 'epoch')],
    ['no epoch anywhere', (uid) => dropEpochs(uid)],
    ['no state', (uid) => redis.hdel(userKey(uid), 'state')],
    ['no last', (uid) => redis.hdel(sessionKey(uid, 'hash'), 'last')],
    ['no created', (uid) => redis.hdel(sessionKey(uid, 'hash'), 'created')],
  ]
  for (const [what, spoil] of halves) {
    const { uid, session } = await makePerson()
    await spoil(uid)
    assert.equal(await kindOf(session), 'none', what)
  }
  const { uid, token } = await makePerson()
  await redis.hdel(userKey(uid), 'role')
  assert.equal(await kindOf(token), 'miss')
})

test('what cannot be understood is an error, never an admission', async () => {
  const nonsense: readonly [string, (uid: string) => Promise<unknown>][] = [
    ['an unknown role', (uid) => redis.hset(userKey(uid), { role: 'root' })],
    ['limits with a space', (uid) => redis.hset(userKey(uid), { limits: 'a b' })],
    ['a time that is none', (uid) => redis.hset(sessionKey(uid, 'hash'), { last: 'soon' })],
    ['a copy of another type', (uid) => redis.set(userKey(uid), 'text')],
  ]
  for (const [what, spoil] of nonsense) {
    const { uid, session } = await makePerson()
    await spoil(uid)
    await assert.rejects(askScript(redis, question(session, [CHAT])), what)
  }
})

async function isAdmitted(asked: AdmissionQuestion): Promise<boolean> {
  const admission = await askScript(redis, asked)
  return admission.kind === 'answered' && admission.admitted
}

async function dropEpochs(uid: string): Promise<void> {
  await redis.hdel(userKey(uid), 'epoch')
  await redis.hdel(sessionKey(uid, 'hash'), 'epoch')
}
