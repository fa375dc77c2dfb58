/** The worker's settings, read from the environment at start. */

import { parseDuration } from '#contract/duration.ts'
import { optional, readSettings, required, type Source, withDefault } from './env-setting.ts'
import {
  checkRedisUrl,
  type KeyRing,
  type ListenAddress,
  parseCookieName,
  parseHttpUrl,
  parseKeyRing,
  parseListen,
  parseLogLevel,
  parsePassword,
  parsePort,
  parseSecret,
  parseSigningSecret,
  parseText,
  parseTimezone,
  parseUsername,
} from './env-values.ts'
import { LIMIT_SETTINGS, limitClashes, type WorkerLimits } from './worker-limits.ts'

export interface WorkerEnv {
  /** WORKER_LISTEN: a unix socket's absolute path, or host and port. */
  readonly listen: ListenAddress
  readonly mysql: {
    /** Host name, or the absolute path of a unix socket. */
    readonly host: string
    readonly port: number
    readonly user: string
    readonly password: string
    readonly database: string
  }
  /** redis://, rediss:// or unix:///path?db=0, with credentials inside. */
  readonly redisUrl: string
  /** GATE_WORKER_SECRET: what the gate must send in X-Gate-Secret. */
  readonly workerSecret: string
  /** GATE_SESSION_SECRET, comma-separated; the first signs. The worker only signs. */
  readonly sessionSecret: string
  /** GATE_TOKEN_SECRET: the same for access tokens. */
  readonly tokenSecret: string
  readonly encryptionKeys: KeyRing
  readonly sessionIdleMs: number
  readonly sessionAbsoluteMs: number
  /** GATE_COOKIE: name of the session cookie. */
  readonly cookieName: string
  readonly admin: { readonly username: string; readonly password: string }
  /** DEEPSEEK_API_KEY, stored as alias `env` at start; undefined if not given. */
  readonly deepseekApiKey: string | undefined
  readonly deepseekBaseUrl: string
  /** CHATGATE_STANDIN_URL: base URL of the local stand-in, or undefined outside the local run. */
  readonly standinUrl: string | undefined
  /** IANA zone. */
  readonly timezone: string
  readonly logLevel: string
  readonly limits: WorkerLimits
  /** WORKER_SPOOL: folder for ends of calls while neither MySQL nor Redis takes them. */
  readonly spoolFolder: string
  /** CHATGATE_MIGRATIONS: folder of the numbered SQL files, or undefined for the one of this copy. */
  readonly migrationsDir: string | undefined
}

/** What MYSQL_PASSWORD and ADMIN_PASSWORD are unless set; the admin page nags until both are changed. */
export const DEFAULT_PASSWORD = 'Gpf_learning'

const DEFAULT_USER = 'guopengfei_learning'
const DURATION = 'a duration such as 30s, 15m, 12h or 7d'
const SIGNING_SECRET = 'one or two secrets of at least 32 characters each, separated by a comma'

const SETTINGS = {
  listen: withDefault(
    'WORKER_LISTEN',
    '127.0.0.1:3000',
    parseListen,
    'host:port or the absolute path of a unix socket',
  ),
  mysqlHost: withDefault('MYSQL_HOST', '127.0.0.1', parseText, 'a host name or a socket path'),
  mysqlPort: withDefault('MYSQL_PORT', '3306', parsePort, 'a port number'),
  mysqlUser: withDefault('MYSQL_USER', DEFAULT_USER, parseText, 'a user name'),
  mysqlPassword: withDefault('MYSQL_PASSWORD', DEFAULT_PASSWORD, parseText, 'a password'),
  mysqlDatabase: withDefault('MYSQL_DB', 'nginx_shop', parseText, 'a database name'),
  redisUrl: withDefault(
    'REDIS_URL',
    'redis://127.0.0.1:6379/0',
    checkRedisUrl,
    'redis://host:port/n, rediss://host:port/n or unix:///path?db=n',
  ),
  workerSecret: required('GATE_WORKER_SECRET', parseSecret, 'at least 32 characters'),
  sessionSecret: required('GATE_SESSION_SECRET', parseSigningSecret, SIGNING_SECRET),
  tokenSecret: required('GATE_TOKEN_SECRET', parseSigningSecret, SIGNING_SECRET),
  encryptionKeys: required(
    'GATE_ENCRYPTION_KEYS',
    parseKeyRing,
    'id:base64 pairs separated by commas, each key 32 bytes, ids unique',
  ),
  sessionIdleMs: withDefault('GATE_SESSION_IDLE', '7d', parseDuration, DURATION),
  sessionAbsoluteMs: withDefault('GATE_SESSION_ABSOLUTE', '30d', parseDuration, DURATION),
  cookieName: withDefault(
    'GATE_COOKIE',
    '__Host-sid',
    parseCookieName,
    'a cookie name that begins with __Host-',
  ),
  adminUsername: withDefault('ADMIN_USERNAME', DEFAULT_USER, parseUsername, '1 to 64 characters'),
  adminPassword: withDefault(
    'ADMIN_PASSWORD',
    DEFAULT_PASSWORD,
    parsePassword,
    '1 to 256 characters',
  ),
  deepseekApiKey: optional('DEEPSEEK_API_KEY', parseText, 'an API key'),
  deepseekBaseUrl: withDefault(
    'DEEPSEEK_BASE_URL',
    'https://api.deepseek.com',
    parseHttpUrl,
    'an http or https URL',
  ),
  standinUrl: optional('CHATGATE_STANDIN_URL', parseHttpUrl, 'an http or https URL'),
  timezone: withDefault('APP_TIMEZONE', 'Asia/Shanghai', parseTimezone, 'an IANA time zone'),
  logLevel: withDefault(
    'LOG_LEVEL',
    'info',
    parseLogLevel,
    'trace, debug, info, warn, error, fatal or silent',
  ),
  spoolFolder: withDefault('WORKER_SPOOL', '.data/spool', parseText, 'a path'),
  migrationsDir: optional('CHATGATE_MIGRATIONS', parseText, 'a path'),
}

/** Names of all settings; each may also be given as NAME_FILE. */
export const WORKER_SETTING_NAMES: readonly string[] = [SETTINGS, LIMIT_SETTINGS]
  .flatMap((settings) => Object.values(settings))
  .map(({ name }) => name)

/**
 * Returns the settings, or every problem at once, one line each.
 * @param readFile returns the text of a file named by a `NAME_FILE` variable, or throws
 */
export function readWorkerEnv(
  source: Source,
  readFile: (path: string) => string,
): { readonly env: WorkerEnv } | { readonly problems: readonly string[] } {
  const result = readSettings(SETTINGS, source, readFile)
  const limits = readSettings(LIMIT_SETTINGS, source, readFile)
  const problems = [
    ...('problems' in result ? result.problems : []),
    ...('problems' in limits ? limits.problems : limitClashes(limits.values)),
  ]
  if ('problems' in result || 'problems' in limits || problems.length > 0) return { problems }
  const { mysqlHost, mysqlPort, mysqlUser, mysqlPassword, mysqlDatabase, ...rest } = result.values
  const { adminUsername, adminPassword, ...plain } = rest
  return {
    env: {
      ...plain,
      limits: limits.values,
      mysql: {
        host: mysqlHost,
        port: mysqlPort,
        user: mysqlUser,
        password: mysqlPassword,
        database: mysqlDatabase,
      },
      admin: { username: adminUsername, password: adminPassword },
    },
  }
}
