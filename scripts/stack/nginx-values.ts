/** The values that nginx/templates are filled with. */

import { isIP } from 'node:net'
import { parseRedisUrl } from '../../worker/src/redis-url.ts'
import { longestAnswerMs, type WorkerLimits } from '../../worker/src/worker-limits.ts'
import type { Certificate } from './certificate.ts'
import type { NginxPlace } from './nginx-place.ts'
import type { Plan } from './plan.ts'
import type { StackSettings } from './settings.ts'
import { StartFailure } from './start-failure.ts'

/** What nginx is told beside its places. */
export interface NginxParts {
  readonly settings: StackSettings
  readonly gate: Plan['gate']
  readonly certificate: Certificate
  readonly redisUrl: string
  /** The worker's, by which nginx waits for it. */
  readonly limits: WorkerLimits
}

/** Until the provider takes a call, other keys tried included, and until the end is stored. */
const AROUND_ANSWER_MS = 120_000

/** Returns name and value of everything the templates name, as far as it is set. */
export function nginxValues(
  parts: NginxParts,
  place: NginxPlace,
): Readonly<Record<string, string>> {
  const { settings, gate, certificate } = parts
  const values: Record<string, string | undefined> = {
    ...settings.limits,
    ...floodValues(settings),
    ...redisValues(parts.redisUrl, place),
    ...hostValues(settings, certificate),
    NGINX_MODULES: place.modules.map((path) => `load_module ${path};`).join(' '),
    NGINX_USER: place.user === undefined ? '' : `user ${place.user};`,
    NGINX_PID: place.pid,
    NGINX_ERROR_LOG: place.errorLog,
    NGINX_ACCESS_LOG: place.accessLog,
    NGINX_TEMP: place.temp,
    NGINX_STATE: place.state,
    NGINX_HTML: place.html,
    NJS_PATH: place.scripts,
    BRIDGE_SOCKET: place.bridgeSocket,
    WORKER_ADDRESS: place.workerAddress,
    RESOLVER: place.resolver === undefined ? '' : `resolver ${place.resolver};`,
    GATE_COOKIE: settings.cookieName,
    GATE_SESSION_SECRET: quotable('GATE_SESSION_SECRET', gate.sessionSecrets),
    GATE_TOKEN_SECRET: quotable('GATE_TOKEN_SECRET', gate.tokenSecrets),
    GATE_WORKER_SECRET: quotable('GATE_WORKER_SECRET', gate.workerSecret),
    TLS_CERTIFICATE: certificate.certificate,
    TLS_KEY: certificate.key,
    HTTPS_PORT: String(settings.httpsPort),
    HTTPS_PORT_SUFFIX: settings.httpsPort === 443 ? '' : `:${settings.httpsPort}`,
    HTTP_PORT: String(settings.httpPort),
    HTTPS_LISTEN_IPV6: place.ipv6 ? `listen [::]:${settings.httpsPort} ssl default_server;` : '',
    HTTP_LISTEN_IPV6: place.ipv6 ? `listen [::]:${settings.httpPort} default_server;` : '',
    METRICS_LISTEN: `127.0.0.1:${settings.metricsPort}`,
    REAL_IP: realIp(settings.trustedProxies),
    ANSWER_WAIT: `${Math.ceil((longestAnswerMs(parts.limits) + AROUND_ANSWER_MS) / 1000)}s`,
  }
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

/** Returns the lines that nginx/render.sh reads. */
export function formatValues(values: Readonly<Record<string, string>>): string {
  for (const [name, value] of Object.entries(values)) {
    if (/[\n\r\0]/.test(value)) throw new StartFailure(`${name} must not hold line breaks.`)
  }
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

function floodValues({ flood }: StackSettings) {
  if (flood.rate === undefined) return { GATE_FLOOD_RATE: '1r/s', GATE_FLOOD_LIMIT: '' }
  return {
    GATE_FLOOD_RATE: flood.rate,
    GATE_FLOOD_LIMIT: `limit_req zone=gate_flood burst=${flood.burst} nodelay;`,
  }
}

function redisValues(url: string, { resolver }: NginxPlace) {
  const redis = parseRedisUrl(url)
  if (redis === undefined) throw new StartFailure('REDIS_URL cannot be understood.')
  const { at } = redis
  return {
    REDIS_ADDRESS: 'path' in at ? `unix:${at.path}` : serverAddress(at, resolver),
    REDIS_USER: quotable('REDIS_URL', redis.username ?? ''),
    REDIS_PASSWORD: quotable('REDIS_URL', redis.password ?? ''),
    REDIS_DATABASE: String(redis.db),
    REDIS_TLS:
      'tls' in at && at.tls
        ? `proxy_ssl on; proxy_ssl_server_name on; proxy_ssl_name ${at.host};`
        : '',
  }
}

/** A name is asked for again while nginx runs, if there is a name server to ask. */
function serverAddress(
  { host, port }: { readonly host: string; readonly port: number },
  resolver: string | undefined,
): string {
  if (isIP(host) === 6) return `[${host}]:${port}`
  const resolves = isIP(host) === 0 && resolver !== undefined
  return `${host}:${port}${resolves ? ' resolve' : ''}`
}

/** Returns the value if it can stand between double quotes in nginx.conf as it is. */
function quotable(name: string, value: string): string {
  if (/["\\$\s]/.test(value)) {
    throw new StartFailure(`Secrets in ${name} must not hold spaces, quotes, \\ or $.`)
  }
  return value
}

function hostValues(settings: StackSettings, certificate: Certificate) {
  const domains = settings.domains
  const known = ['localhost', ...domains].map((name) => `${name} 1;`)
  const hsts = certificate.selfSigned
    ? []
    : domains.map((name) => `${name} "max-age=63072000; includeSubDomains";`)
  return {
    // Any IP address: whoever reached this machine by one may go on by it.
    KNOWN_HOSTS: ['~^[0-9.]+$ 1;', '~^\\[[0-9a-fA-F:.]+\\]$ 1;', ...known].join(' '),
    HSTS_HOSTS: hsts.join(' '),
    FIRST_DOMAIN: domains[0] ?? 'localhost',
  }
}

function realIp(proxies: readonly string[]): string {
  if (proxies.length === 0) return ''
  return [
    ...proxies.map((proxy) => `set_real_ip_from ${proxy};`),
    'real_ip_header X-Forwarded-For;',
    'real_ip_recursive on;',
  ].join(' ')
}
