/** The settings of the local run, read from the environment and an optional .env file. */

import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseByteSize } from '#contract/byte-size.ts'
import { parseDuration } from '#contract/duration.ts'
import { MAX_QUOTA, parsePolicies } from '#contract/limit-policy.ts'
import { sessionCookieName } from '#contract/session.ts'
import { optional, readSettings, type Source, withDefault } from '../../worker/src/env-setting.ts'
import { parseCookieName, parsePort } from '../../worker/src/env-values.ts'
import { DEFAULT_SUITE } from '../root/packages.ts'
import { type Flood, parseAddresses, parseDomains, parseFlood } from './setting-values.ts'

export interface StackSettings {
  readonly httpsPort: number
  readonly httpPort: number
  readonly metricsPort: number
  readonly standinPort: number
  /** Without localhost, which is always known. */
  readonly domains: readonly string[]
  /** Everything a run writes. */
  readonly data: string
  readonly cache: string
  readonly suite: string
  readonly cookieName: string
  readonly flood: Flood
  readonly trustedProxies: readonly string[]
  /** As written, for nginx; undefined lets the default of nginx/templates/tunables.conf count. */
  readonly limits: Readonly<Record<string, string | undefined>>
  /** The whole environment, for the worker. */
  readonly source: Source
}

const DEFINITIONS = {
  httpsPort: withDefault('CHATGATE_HTTPS_PORT', '8443', parsePort, 'a port number'),
  httpPort: withDefault('CHATGATE_HTTP_PORT', '8080', parsePort, 'a port number'),
  metricsPort: withDefault('CHATGATE_METRICS_PORT', '9145', parsePort, 'a port number'),
  standinPort: withDefault('CHATGATE_STANDIN_PORT', '9146', parsePort, 'a port number'),
  domains: withDefault(
    'CHATGATE_DOMAIN',
    'guopengfei.top',
    parseDomains,
    'domain names separated by commas',
  ),
  data: withDefault('CHATGATE_DATA', '.data', (text) => resolve(text), 'a path'),
  cache: optional('CHATGATE_CACHE', (text) => resolve(text), 'a path'),
  suite: withDefault('CHATGATE_SUITE', DEFAULT_SUITE, parseSuite, 'the name of a Debian suite'),
  cookieName: optional('GATE_COOKIE', parseCookieName, 'a cookie name that begins with __Host-'),
  flood: withDefault('GATE_FLOOD', '100r/s burst=400', parseFlood, 'like 100r/s burst=400, or off'),
  trustedProxies: withDefault(
    'GATE_TRUSTED_PROXIES',
    '',
    parseAddresses,
    'addresses or networks separated by commas',
  ),
}

/** In the words of the worker, which reads the same settings: a problem is told once. */
const DURATION = 'a duration such as 30s, 15m, 12h or 7d'

/** Settings that go to nginx as they are written; checked here so that a start names them all. */
const PASSED_ON = {
  GATE_LIMIT_CHAT: optional('GATE_LIMIT_CHAT', checkPolicies, 'like "chat";q=5;w=60'),
  GATE_LIMIT_LOGIN: optional('GATE_LIMIT_LOGIN', checkPolicies, 'like "login";q=10;w=60'),
  GATE_LIMIT_API: optional('GATE_LIMIT_API', checkPolicies, 'like "api";q=120;w=60'),
  GATE_LIMIT_V1: optional('GATE_LIMIT_V1', checkPolicies, 'like "v1";q=60;w=60'),
  GATE_LIMIT_STREAMS: optional('GATE_LIMIT_STREAMS', checkQuota, `a number from 1 to ${MAX_QUOTA}`),
  GATE_SERVER_TIMING: optional('GATE_SERVER_TIMING', checkSwitch, 'on or off'),
  GATE_SESSION_IDLE: optional('GATE_SESSION_IDLE', checkDuration, DURATION),
  GATE_SESSION_ABSOLUTE: optional('GATE_SESSION_ABSOLUTE', checkDuration, DURATION),
  WORKER_BODY_BYTES: optional('WORKER_BODY_BYTES', checkByteSize, 'a size such as 256k or 1m'),
}

/** Names of all settings of this side; the worker has its own (WORKER_SETTING_NAMES). */
export const STACK_SETTING_NAMES: readonly string[] = [DEFINITIONS, PASSED_ON]
  .flatMap((settings) => Object.values(settings))
  .map(({ name }) => name)

/**
 * Returns the settings, or every problem at once, one line each.
 * @param source the environment
 */
export function readStackSettings(
  source: Source,
): { readonly settings: StackSettings } | { readonly problems: readonly string[] } {
  const own = readSettings(DEFINITIONS, source, readText)
  const limits = readSettings(PASSED_ON, source, readText)
  const problems = [
    ...('problems' in own ? own.problems : portClashes(own.values)),
    ...('problems' in limits ? limits.problems : []),
  ]
  if ('problems' in own || 'problems' in limits || problems.length > 0) return { problems }
  const { cache, cookieName, ...rest } = own.values
  return {
    settings: {
      ...rest,
      cache: cache ?? join(source['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'chatgate'),
      cookieName: cookieName ?? sessionCookieName(rest.httpsPort),
      limits: limits.values,
      source,
    },
  }
}

/** Adds the .env file of the checkout to the environment; what is already set there wins. */
export function loadDotEnv(root: string): void {
  const path = join(root, '.env')
  if (existsSync(path)) process.loadEnvFile(path)
}

export function readText(path: string): string {
  return readFileSync(path, 'utf8')
}

function portClashes(ports: Readonly<Record<string, unknown>>): readonly string[] {
  const names = {
    httpsPort: 'CHATGATE_HTTPS_PORT',
    httpPort: 'CHATGATE_HTTP_PORT',
    metricsPort: 'CHATGATE_METRICS_PORT',
    standinPort: 'CHATGATE_STANDIN_PORT',
  }
  const taken = new Map<unknown, string>()
  const problems: string[] = []
  for (const [key, name] of Object.entries(names)) {
    const other = taken.get(ports[key])
    if (other !== undefined) problems.push(`${name} must not be the same port as ${other}`)
    taken.set(ports[key], name)
  }
  return problems
}

function parseSuite(text: string): string | undefined {
  return /^[a-z][a-z0-9-]{1,31}$/.test(text) ? text : undefined
}

function checkPolicies(text: string): string | undefined {
  try {
    parsePolicies(text)
    return text
  } catch {
    return undefined
  }
}

function checkQuota(text: string): string | undefined {
  const quota = /^\d{1,4}$/.test(text) ? Number(text) : 0
  return quota >= 1 && quota <= MAX_QUOTA ? text : undefined
}

function checkSwitch(text: string): string | undefined {
  return text === 'on' || text === 'off' ? text : undefined
}

function checkDuration(text: string): string | undefined {
  return parseDuration(text) === undefined ? undefined : text
}

function checkByteSize(text: string): string | undefined {
  return parseByteSize(text) === undefined ? undefined : text
}
