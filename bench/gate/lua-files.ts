/** What the Lua baselines are told: settings, and the very commands that the gate sends to Redis. */

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parsePolicies } from '#contract/limit-policy.ts'
import { type AdmissionQuestion, admissionArguments } from '../../njs/src/domain/admission.ts'
import type { Plan } from '../../scripts/stack/plan.ts'
import { parseRedisUrl } from '../../worker/src/redis-url.ts'

/** Stand in the gate's own arguments for what differs from request to request. */
const PLACEHOLDERS = { request_id: 'REQUEST-ID', uid: 'USER-ID', hash: 'TOKEN-HASH' } as const

const IDLE_SECONDS = 7 * 86_400
const ABSOLUTE_SECONDS = 30 * 86_400

/**
 * Writes the generated modules.
 * @param policies what POST /api/chat counts
 * @param sha SHA-1 of admit.lua, which Redis knows
 */
export async function writeLuaFiles(
  folder: string,
  plan: Plan,
  policies: string,
  sha: string,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'settings.lua'), settings(plan, policies), { mode: 0o600 })
  await writeFile(join(folder, 'calls.lua'), calls(policies, sha))
}

function settings(plan: Plan, policies: string): string {
  const redis = parseRedisUrl(plan.worker.redisUrl)
  const socket = redis !== undefined && 'path' in redis.at ? redis.at.path : ''
  const [chat, streams] = parsePolicies(policies)
  if (chat === undefined || streams === undefined) throw new RangeError('two policies are needed')
  return `return {
    session_secret = ${quote(plan.gate.sessionSecrets)},
    cookie = ${quote(plan.settings.cookieName)},
    redis_socket = ${quote(`unix:${socket}`)},
    redis_password = ${quote(redis?.password ?? '')},
    chat = ${quote(chat.name)},
    chat_window = ${chat.windowSeconds},
    streams = ${quote(streams.name)},
    idle = ${IDLE_SECONDS},
    absolute = ${ABSOLUTE_SECONDS},
}
`
}

function calls(policies: string, sha: string): string {
  const { request_id: requestId, uid, hash } = PLACEHOLDERS
  const subject = `u:${uid}`
  const question: AdmissionQuestion = {
    requestId,
    credential: { kind: 'session', uid, hash },
    idleSeconds: IDLE_SECONDS,
    absoluteSeconds: ABSOLUTE_SECONDS,
    policies: parsePolicies(policies).map((policy) => ({ policy, subject, ownName: policy.name })),
  }
  return `local _M = {}

function _M.admit(red, request_id, uid, hash)
    return red:evalsha(${words(sha, question)})
end

function _M.count(red, request_id, uid)
    return red:evalsha(${words(sha, { ...question, credential: undefined })})
end

return _M
`
}

/** Returns the arguments of EVALSHA as Lua expressions. */
function words(sha: string, question: AdmissionQuestion): string {
  return [sha, ...admissionArguments(question)].map(expression).join(', ')
}

function expression(word: string): string {
  if (word === '') return quote(word)
  const names = Object.entries(PLACEHOLDERS)
  const parts = word.split(new RegExp(`(${names.map(([, mark]) => mark).join('|')})`))
  return parts
    .filter((part) => part !== '')
    .map((part) => names.find(([, mark]) => mark === part)?.[0] ?? quote(part))
    .join(' .. ')
}

function quote(text: string): string {
  return JSON.stringify(text)
}
