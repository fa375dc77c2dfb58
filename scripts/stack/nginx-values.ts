/** The values that nginx/templates are filled with. */

import { userInfo } from 'node:os'
import { join } from 'node:path'
import { parseRedisUrl } from '../../worker/src/redis-url.ts'
import type { Certificate } from './certificate.ts'
import { CHECKOUT, type Layout } from './layout.ts'
import type { Plan } from './plan.ts'
import type { StackSettings } from './settings.ts'
import { StartFailure } from './start-failure.ts'

export interface NginxParts {
  readonly settings: StackSettings
  readonly layout: Layout
  readonly gate: Plan['gate']
  readonly certificate: Certificate
  /** Absolute paths of the modules to load, in order. */
  readonly modules: readonly string[]
  readonly redisUrl: string
}

/** Returns name and value of everything the templates name, as far as it is set. */
export function nginxValues(parts: NginxParts): Readonly<Record<string, string>> {
  const { settings, layout, gate, certificate } = parts
  const values: Record<string, string | undefined> = {
    ...settings.limits,
    ...floodValues(settings),
    ...redisValues(parts.redisUrl),
    ...hostValues(settings, certificate),
    NGINX_MODULES: parts.modules.map((path) => `load_module ${path};`).join(' '),
    // As root nginx would hand its workers to an account that cannot enter the data folder.
    NGINX_USER: userInfo().uid === 0 ? 'user root;' : '',
    NGINX_PID: join(layout.nginx, 'nginx.pid'),
    NGINX_ERROR_LOG: join(layout.logs, 'nginx.log'),
    NGINX_ACCESS_LOG: join(layout.logs, 'access.log'),
    NGINX_TEMP: join(layout.nginx, 'temp'),
    NGINX_STATE: join(layout.nginx, 'state'),
    NGINX_HTML: join(CHECKOUT, 'nginx/html'),
    NJS_PATH: join(CHECKOUT, 'njs/dist'),
    BRIDGE_SOCKET: layout.sockets.bridge,
    WORKER_ADDRESS: `unix:${layout.sockets.worker}`,
    GATE_COOKIE: settings.cookieName,
    GATE_SESSION_SECRET: quotable('GATE_SESSION_SECRET', gate.sessionSecrets),
    GATE_WORKER_SECRET: quotable('GATE_WORKER_SECRET', gate.workerSecret),
    TLS_CERTIFICATE: certificate.certificate,
    TLS_KEY: certificate.key,
    HTTPS_PORT: String(settings.httpsPort),
    HTTPS_PORT_SUFFIX: settings.httpsPort === 443 ? '' : `:${settings.httpsPort}`,
    HTTP_PORT: String(settings.httpPort),
    METRICS_LISTEN: `127.0.0.1:${settings.metricsPort}`,
    REAL_IP: realIp(settings.trustedProxies),
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

function redisValues(url: string) {
  const redis = parseRedisUrl(url)
  if (redis === undefined) throw new StartFailure('REDIS_URL cannot be understood.')
  const { at } = redis
  return {
    REDIS_ADDRESS: 'path' in at ? `unix:${at.path}` : `${bracketed(at.host)}:${at.port}`,
    REDIS_USER: quotable('REDIS_URL', redis.username ?? ''),
    REDIS_PASSWORD: quotable('REDIS_URL', redis.password ?? ''),
    REDIS_DATABASE: String(redis.db),
    REDIS_TLS: 'tls' in at && at.tls ? 'proxy_ssl on; proxy_ssl_server_name on;' : '',
  }
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
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
