/** admit.lua by itself, asked with the gate's own arguments over connections of the test's own. */

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import { limitKey, slotKey } from '#contract/redis-keys.ts'
import {
  type Admission,
  type AdmissionQuestion,
  admissionArguments,
  type Holder,
  readAdmission,
  readHolder,
  readStates,
} from '../../njs/src/domain/admission.ts'
import type { BoundPolicy } from '../../njs/src/domain/bound-policy.ts'
import type { PolicyState } from '../../njs/src/domain/rate-headers.ts'

const SOURCE = readFileSync(new URL('../../njs/src/domain/admit.lua', import.meta.url), 'utf8')
const SHA = createHash('sha1').update(SOURCE).digest('hex')

/** Not a key of Chatgate's: counts the questions in the order in which Redis ran them. */
const ORDER = 'test:order'

/** An admission, with holder and states read. */
export type ReadAdmission =
  | Exclude<Admission, { kind: 'answered' }>
  | {
      readonly kind: 'answered'
      readonly holder: Holder | undefined
      readonly admitted: boolean
      readonly states: readonly PolicyState[]
    }

/** What Redis did with one question. Times are microseconds of Redis' clock. */
export interface Ruling {
  /** Place among all rulings. */
  readonly order: number
  readonly before: number
  readonly after: number
  readonly admission: ReadAdmission
  /** The request's score in each policy's set afterwards; undefined where it has none. */
  readonly scores: readonly (number | undefined)[]
}

/** Lets Redis know the script. */
export async function loadAdmitScript(redis: Redis): Promise<void> {
  await redis.script('LOAD', SOURCE)
}

/** Asks the script. @throws what it answers as an error, or TypeError for what is no answer of it */
export async function askScript(redis: Redis, question: AdmissionQuestion): Promise<ReadAdmission> {
  const reply = await redis.call('EVALSHA', SHA, ...admissionArguments(question))
  return read(question, reply as string)
}

function read({ credential, policies }: AdmissionQuestion, reply: string): ReadAdmission {
  const admission = readAdmission(reply)
  if (admission.kind !== 'answered') return admission
  const holder = credential && readHolder(admission.holder)
  const { kind, admitted, standing } = admission
  return { kind, holder, admitted, states: readStates(policies, standing) }
}

/** Asks the script and, in the same step of Redis, when that was and what it wrote. */
export async function askOnRecord(redis: Redis, question: AdmissionQuestion): Promise<Ruling> {
  const { requestId, policies } = question
  const replies = await redis
    .multi([
      ['incr', ORDER],
      ['time'],
      ['evalsha', SHA, ...admissionArguments(question)],
      ['time'],
      ...policies.map((policy) => ['zscore', policyKey(policy), requestId]),
    ])
    .exec()
  const [order, before, reply, after, ...scores] = (replies ?? []).map(([error, value]) => {
    if (error !== null) throw error
    return value
  })
  return {
    order: Number(order),
    before: microseconds(before),
    after: microseconds(after),
    admission: read(question, reply as string),
    scores: scores.map((score) => (score === null ? undefined : Number(score))),
  }
}

/** Returns the sorted set in which a policy is counted. */
export function policyKey({ policy, subject }: BoundPolicy): string {
  return policy.kind === 'window'
    ? limitKey(subject, policy.name, policy.windowSeconds)
    : slotKey(subject, policy.name)
}

/** Returns a question without a credential: limits alone. */
export function limitsOnly(requestId: string, policies: readonly BoundPolicy[]): AdmissionQuestion {
  return { requestId, credential: undefined, idleSeconds: 60, absoluteSeconds: 600, policies }
}

/** Returns Redis' clock in microseconds. */
export async function redisTime(redis: Redis): Promise<number> {
  return microseconds(await redis.time())
}

function microseconds(time: unknown): number {
  const [seconds, micros] = time as readonly [string, string]
  return Number(seconds) * 1_000_000 + Number(micros)
}

/** Everything in Redis with its content and time of death: equal only if nothing was written. */
export async function contentsOf(redis: Redis): Promise<ReadonlyMap<string, string>> {
  const keys = (await redis.keys('*')).filter((key) => key !== ORDER).sort()
  const entries = keys.map(async (key) => {
    const [dump, until] = [await redis.dumpBuffer(key), await redis.pexpiretime(key)]
    return [key, `${dump?.toString('hex')} until ${until}`] as const
  })
  return new Map(await Promise.all(entries))
}
