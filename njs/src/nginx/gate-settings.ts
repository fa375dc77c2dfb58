/** The `$gate_*` variables of nginx.conf as typed values. */

import { parseDuration } from '../contract/duration.ts'
import { parsePolicies } from '../contract/limit-policy.ts'
import { AdmissionFrames } from '../domain/admission-frame.ts'
import admitSource from '../domain/admit.lua'
import { assignSubjects, type SubjectPolicy } from '../domain/bound-policy.ts'
import { sha1 } from './credential-mac.ts'
import { type QuickLimit, quickTerms, type UNLIMITED } from './quick-terms.ts'

export interface GateSettings {
  /** The session cookie's name and `=`. */
  readonly cookieStart: string
  /** The first signs new cookies; all are accepted. */
  readonly sessionSecrets: readonly string[]
  readonly tokenSecrets: readonly string[]
  readonly idleSeconds: number
  readonly absoluteSeconds: number
  /** How long a good session is believed without asking Redis again, ms. */
  readonly freshMs: number
  /** How much longer while Redis is away, ms. */
  readonly staleMs: number
  /** After which the guard refuses whatever a handler is still doing, ms. */
  readonly deadlineMs: number
  /** The policies as they are written. */
  readonly limit: string
  readonly policies: readonly SubjectPolicy[]
  /** Whether a signed-in client is counted by its address too. */
  readonly countsAddress: boolean
  /** Names of the policies, comma-separated. */
  readonly policyNames: string
  /** Name of the `concurrent` policy toward which a request counts, or empty. */
  readonly slot: string
  /** How the key of a remembered refusal begins. */
  readonly refusalStart: string
  /** The questions to admit.lua. */
  readonly frames: AdmissionFrames
  /** Set if plain requests of this location may go the quick way. */
  readonly quick: QuickLimit | typeof UNLIMITED | undefined
  /** Whether limits are counted by this nginx alone while Redis is away, instead of refusing. */
  readonly countsLocally: boolean
  /** Whether the location is for admins only. */
  readonly adminOnly: boolean
  /** Whether answers tell the gate's own time in Server-Timing. */
  readonly tellsTiming: boolean
}

/** Thrown when a variable is missing or malformed; the guard then refuses every request. */
export class SettingError extends Error {
  /** @param variable its name without `$` */
  constructor(variable: string, value: string, reason: string) {
    super(`$${variable} = ${JSON.stringify(value)}: ${reason}${placeOf(variable)}`)
    this.name = 'SettingError'
  }
}

/** The settings that were read last: a pure cache, which nearly always serves one location only. */
let lastPlace: string | undefined
let lastSettings: GateSettings | undefined

/** As Redis knows admit.lua. */
const ADMIT_SCRIPT = ['EVALSHA', sha1(admitSource)]

/**
 * Returns the settings of the request's location. They come as two variables (conf.d/variables.conf),
 * of which only the short one is read for each request: what `$gate_common` holds is the same for all.
 * @throws {SettingError} naming the first variable that is wrong
 */
export function readSettings(variables: NginxVariables): GateSettings {
  const place = variables['gate_place'] ?? ''
  if (lastSettings === undefined || place !== lastPlace) {
    lastSettings = parseSettings(`${variables['gate_common'] ?? ''}\n${place}`)
    lastPlace = place
  }
  return lastSettings
}

function parseSettings(text: string): GateSettings {
  const values = new Map<string, string>()
  for (const line of text.split('\n')) {
    const at = line.indexOf('=')
    values.set(line.slice(0, at), line.slice(at + 1))
  }
  const idleSeconds = Math.floor(duration(values, 'gate_session_idle') / 1000)
  const absoluteSeconds = Math.floor(duration(values, 'gate_session_absolute') / 1000)
  const limited = limits(values)
  const { policies, countsAddress } = limited
  const frames = new AdmissionFrames(ADMIT_SCRIPT, { idleSeconds, absoluteSeconds, policies })
  const refusalStart = `${limited.limit}|`
  const adminOnly = choice(values, 'gate_role', ['', 'admin']) === 'admin'
  const tellsTiming = choice(values, 'gate_server_timing', ['off', 'on']) === 'on'
  const isPlain = !adminOnly && !countsAddress
  return {
    cookieStart: `${required(values, 'gate_cookie')}=`,
    sessionSecrets: required(values, 'gate_session_secret').split(','),
    tokenSecrets: required(values, 'gate_token_secret').split(','),
    idleSeconds,
    absoluteSeconds,
    freshMs: duration(values, 'gate_session_cache'),
    staleMs: duration(values, 'gate_session_stale'),
    deadlineMs: duration(values, 'gate_deadline'),
    ...limited,
    refusalStart,
    frames,
    quick: isPlain ? quickTerms(policies) : undefined,
    countsLocally: choice(values, 'gate_redis_loss', ['local', 'closed']) === 'local',
    adminOnly,
    tellsTiming,
  }
}

type Values = ReadonlyMap<string, string>

function required(values: Values, name: string): string {
  const value = values.get(name) ?? ''
  if (value === '') throw new SettingError(name, value, 'is not set')
  return value
}

function duration(values: Values, name: string): number {
  const value = required(values, name)
  const ms = parseDuration(value)
  if (ms === undefined) throw new SettingError(name, value, 'is not a duration like 30s')
  return ms
}

function choice(values: Values, name: string, choices: readonly string[]): string {
  const value = values.get(name) ?? ''
  if (!choices.includes(value)) {
    throw new SettingError(name, value, `must be one of ${choices.join(', ')}`)
  }
  return value
}

type Limits = Pick<GateSettings, 'limit' | 'policies' | 'policyNames' | 'countsAddress' | 'slot'>

function limits(values: Values): Limits {
  const limit = values.get('gate_limit') ?? ''
  const policies = readPolicies(limit, values.get('gate_subject') ?? '')
  return {
    limit,
    policies,
    policyNames: policies.map(({ policy }) => policy.name).join(','),
    countsAddress: policies.some(({ subject }) => subject === 'ip'),
    slot: policies.find(({ policy }) => policy.kind === 'concurrent')?.policy.name ?? '',
  }
}

function readPolicies(limit: string, subject: string): readonly SubjectPolicy[] {
  if (limit === '') return []
  try {
    const parsed = parsePolicies(limit)
    try {
      return assignSubjects(parsed, subject)
    } catch (error) {
      throw new SettingError('gate_subject', subject, reasonOf(error))
    }
  } catch (error) {
    if (error instanceof SettingError) throw error
    throw new SettingError('gate_limit', limit, reasonOf(error))
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Where an operator finds the variable; a running nginx does not know the lines. */
function placeOf(variable: string): string {
  return ['gate_limit', 'gate_subject', 'gate_role', 'gate_redis_loss'].includes(variable)
    ? ' (set in nginx/servers/gateway.conf from nginx/templates/tunables.conf)'
    : ' (nginx/templates/tunables.conf)'
}
