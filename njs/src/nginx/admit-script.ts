/** Runs admit.lua through the bridge. */

import crypto from 'crypto'
import {
  type Admission,
  type AdmissionQuestion,
  admissionArguments,
  readAdmission,
} from '../domain/admission.ts'
import admitSource from '../domain/admit.lua'
import { type Reply, ReplyError } from '../domain/resp-decode.ts'
import type { Command } from '../domain/resp-encode.ts'
import { pipeline, RedisUnavailable } from './redis.ts'

const ADMIT_SHA = crypto.createHash('sha1').update(admitSource).digest('hex')

/**
 * Asks Redis to admit the request: one round trip, two when Redis does not know the script yet.
 * Repeating it is safe, because the script counts a request id once.
 * @throws {RedisUnavailable} if Redis cannot be asked or refuses the script
 */
export async function askAdmission(
  r: NginxHTTPRequest,
  question: AdmissionQuestion,
): Promise<Admission> {
  const { keys, args } = admissionArguments(question)
  const rest = [String(keys.length), ...keys, ...args]
  let reply = await run(r, ['EVALSHA', ADMIT_SHA, ...rest])
  if (reply instanceof ReplyError && reply.kind === 'NOSCRIPT') {
    reply = await run(r, ['EVAL', admitSource, ...rest])
  }
  if (reply instanceof ReplyError) throw new RedisUnavailable(reply.message)
  return readAdmission(question, reply)
}

async function run(r: NginxHTTPRequest, command: Command): Promise<Reply> {
  const [reply] = await pipeline(r, [command])
  return reply ?? null
}
