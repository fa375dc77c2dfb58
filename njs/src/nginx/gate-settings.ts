/** The `$gate_*` variables of nginx.conf as typed values. */

import { parseDuration } from '../contract/duration.ts'
import { type LimitPolicy, parsePolicies } from '../contract/limit-policy.ts'

/** What a limit counts: the signed-in user (else the address), or always the address. */
export type LimitSubject = 'user' | 'ip'

export interface GateSettings {
  readonly cookieName: string
  /** The first signs new cookies; all are accepted. */
  readonly sessionSecrets: readonly string[]
  readonly idleSeconds: number
  readonly absoluteSeconds: number
  /** How long a good session is believed without asking Redis again, ms. */
  readonly sessionCacheMs: number
  /** After which the guard refuses whatever a handler is still doing, ms. */
  readonly deadlineMs: number
  readonly policies: readonly LimitPolicy[]
  readonly subject: LimitSubject
  /** Whether the location is for admins only. */
  readonly adminOnly: boolean
}

/** Thrown when a variable is missing or malformed; the guard then refuses every request. */
export class SettingError extends Error {
  constructor(variable: string, value: string | undefined, reason: string) {
    super(`$${variable} = ${JSON.stringify(value ?? null)}: ${reason}`)
    this.name = 'SettingError'
  }
}

/** Parsed texts: a pure cache, so it does no harm that each pooled context has its own. */
const policyCache = new Map<string, readonly LimitPolicy[]>()

/**
 * Returns the settings of the request's location.
 * @throws {SettingError} naming the first variable that is wrong
 */
export function readSettings(variables: NginxVariables): GateSettings {
  return {
    cookieName: required(variables, 'gate_cookie'),
    sessionSecrets: required(variables, 'gate_session_secret').split(','),
    idleSeconds: Math.floor(duration(variables, 'gate_session_idle') / 1000),
    absoluteSeconds: Math.floor(duration(variables, 'gate_session_absolute') / 1000),
    sessionCacheMs: duration(variables, 'gate_session_cache'),
    deadlineMs: duration(variables, 'gate_deadline'),
    policies: policies(variables, 'gate_limit'),
    subject: variables['gate_subject'] === 'ip' ? 'ip' : 'user',
    adminOnly: variables['gate_role'] === 'admin',
  }
}

function required(variables: NginxVariables, name: string): string {
  const value = variables[name]
  if (value === undefined || value === '') throw new SettingError(name, value, 'is not set')
  return value
}

function duration(variables: NginxVariables, name: string): number {
  const value = required(variables, name)
  const ms = parseDuration(value)
  if (ms === undefined) throw new SettingError(name, value, 'is not a duration like 30s')
  return ms
}

function policies(variables: NginxVariables, name: string): readonly LimitPolicy[] {
  const text = variables[name] ?? ''
  if (text === '') return []
  const known = policyCache.get(text)
  if (known !== undefined) return known
  try {
    const parsed = parsePolicies(text)
    policyCache.set(text, parsed)
    return parsed
  } catch (error) {
    throw new SettingError(name, text, error instanceof Error ? error.message : 'does not parse')
  }
}
