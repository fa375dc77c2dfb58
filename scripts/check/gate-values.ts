/**
 * Whether the gate can read its own variables as an operator wrote them. nginx takes any text; the
 * gate would refuse every request of the location instead, or take a role for no role at all.
 */

import { parseDuration } from '#contract/duration.ts'
import { parsePolicies } from '#contract/limit-policy.ts'
import { parseCookieName, parseSecret, parseSigningSecret } from '../../worker/src/env-values.ts'
import type { Problem } from './problem.ts'
import type { Definition } from './variable-definitions.ts'
import { byName, type PossibleValue, valuesOf } from './variable-values.ts'

/** Returns what is wrong with a text, or undefined. */
type Judge = (text: string) => string | undefined

const SECRETS = 'must be one or two secrets of at least 32 characters each, separated by a comma'

/** The variables that an operator or a template gives the gate; those of the guard are not here. */
export const GATE_VARIABLES: Readonly<Record<string, Judge>> = {
  gate_limit: judgePolicies,
  gate_subject: judgeSubjects,
  gate_redis_loss: oneOf('local', 'closed'),
  gate_role: oneOf('', 'admin'),
  gate_session_idle: judgeDuration,
  gate_session_absolute: judgeDuration,
  gate_session_cache: judgeDuration,
  gate_session_stale: judgeDuration,
  gate_deadline: judgeDuration,
  gate_server_timing: oneOf('on', 'off'),
  gate_cookie: (text) =>
    parseCookieName(text) === undefined
      ? 'must be a cookie name that begins with __Host-'
      : undefined,
  gate_session_secret: (text) => (parseSigningSecret(text) === undefined ? SECRETS : undefined),
  gate_token_secret: (text) => (parseSigningSecret(text) === undefined ? SECRETS : undefined),
  gate_worker_secret: (text) =>
    parseSecret(text) === undefined ? 'must be at least 32 characters' : undefined,
  gate_bridge_socket: (text) =>
    text.startsWith('/') ? undefined : 'must be the absolute path of the bridge',
}

/** Whom a policy can count. */
const SUBJECTS = ['user', 'ip', 'token']

/** Returns the values that the gate could not read, each where it is written. */
export function checkGateValues(definitions: readonly Definition[]): readonly Problem[] {
  const all = byName(definitions)
  return definitions.flatMap((definition) => {
    const judge = GATE_VARIABLES[definition.name]
    // What a script works out is the script's business.
    if (judge === undefined || definition.text === undefined) return []
    return valuesOf(definition, all).flatMap((value) => problemsOf(definition.name, value, judge))
  })
}

/** Returns how many different policies limit something. */
export function countPolicies(definitions: readonly Definition[]): number {
  const all = byName(definitions)
  const texts = definitions
    .filter(({ name }) => name === 'gate_limit')
    .flatMap((definition) => valuesOf(definition, all))
    .flatMap(({ text }) => text.split(','))
  return new Set(texts.map((text) => text.trim()).filter((text) => text !== '')).size
}

function problemsOf(name: string, value: PossibleValue, judge: Judge): readonly Problem[] {
  const { file, line } = value.at
  if (value.unknown !== undefined) {
    const message = `$${name} depends on $${value.unknown}, which nobody knows before a request comes`
    return [{ file, line, message }]
  }
  const complaint = judge(value.text)
  if (complaint === undefined) return []
  // A whole policy that is wrong by itself is told where it stands, not where it is used.
  const guilty = (value.parts ?? [])
    .filter(({ text }) => text.startsWith('"'))
    .flatMap((part) => problemsOf(name, part, judge))
  return guilty.length > 0 ? guilty : [{ file, line, message: `$${name} ${complaint}` }]
}

function judgePolicies(text: string): string | undefined {
  if (text === '') return undefined
  try {
    parsePolicies(text)
    return undefined
  } catch (error) {
    return `does not parse: ${error instanceof Error ? error.message : String(error)}`
  }
}

function judgeSubjects(text: string): string | undefined {
  const wrong = text.split(',').find((part) => !SUBJECTS.includes(part.trim()))
  return wrong === undefined
    ? undefined
    : `must be user, ip or token, or a list of them: ${JSON.stringify(text)}`
}

function judgeDuration(text: string): string | undefined {
  return parseDuration(text) === undefined
    ? `must be a duration like 500ms, 30s, 15m or 7d: ${JSON.stringify(text)}`
    : undefined
}

function oneOf(...texts: readonly string[]): Judge {
  const choices = texts.map((text) => (text === '' ? 'empty' : text)).join(' or ')
  return (text) =>
    texts.includes(text) ? undefined : `must be ${choices}: ${JSON.stringify(text)}`
}
