/** The baselines: further servers of the same nginx, each on a port of its own. */

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PrivateRoot } from '../../scripts/root/private-root.ts'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import { FLOOR_ZONES } from './floor.ts'
import type { Refusal } from './refusal.ts'

/** What is compared with the gate. */
export const BASELINES = [
  'proxy',
  'proxyBare',
  'emptyAccess',
  'return401',
  'return429',
  'luaOne',
  'luaTwo',
  'floorRead',
  'floorAdmit',
  'floorRefuse',
  'floorForged',
] as const

export type Baseline = (typeof BASELINES)[number]

export type Ports = Readonly<Record<Baseline | 'gate', number>>

export interface BaselineParts {
  readonly root: PrivateRoot
  readonly ports: Ports
  /** Folder for generated files; holds settings.lua, calls.lua and floor.js already. */
  readonly folder: string
  readonly logs: boolean
  /** What the gate answers, to be answered without a script. */
  readonly unauthenticated: Refusal
  readonly overLimit: Refusal
}

/** Returns the servers as content of the http block. */
export async function baselineServers(parts: BaselineParts): Promise<string> {
  const { root, ports, folder, unauthenticated, overLimit } = parts
  const plain = join(folder, 'proxy-plain.conf')
  await writeFile(plain, await proxyWithoutScripts())
  const empty = join(folder, 'empty.js')
  await writeFile(empty, 'export default { access(r) { r.decline() } }\n')
  const packages = [folder, join(CHECKOUT, 'bench/gate/lua'), root.path('usr/share/lua/5.1')]
  const proxy = `include ${plain}; proxy_pass http://worker;`
  const chat = `${proxy} include snippets/proxy-stream.conf;`
  const lua = (call: string) => `access_by_lua_block { require("admission").${call}() }`
  const log = parts.logs ? '' : 'access_log off;'
  const floor = `js_import floor from ${join(folder, 'floor.js')};`
  const server = (name: keyof Ports, location: string, more = '') =>
    `server { listen 127.0.0.1:${ports[name]}; ${log} ${more} location / { ${location} } }`
  return [
    `lua_package_path "${packages.map((path) => `${path}/?.lua`).join(';')};;";`,
    server('proxy', proxy),
    server('proxyBare', 'proxy_set_header Connection ""; proxy_pass http://worker;'),
    server('emptyAccess', `js_access empty.access; ${proxy}`, `js_import empty from ${empty};`),
    server('return401', returned(unauthenticated)),
    server('return429', returned(overLimit)),
    server('luaOne', `${lua('one_call')} ${chat}`),
    server('luaTwo', `${lua('two_calls')} ${chat}`),
    FLOOR_ZONES,
    server('floorRead', `js_access floor.read; ${proxy}`, floor),
    server('floorAdmit', `js_access floor.admit; ${chat}`, `${floor} ${await wayToRedis()}`),
    server('floorRefuse', `js_access floor.refuse; ${proxy}`, floor),
    server('floorForged', `js_access floor.forged; ${proxy}`, floor),
    '',
  ].join('\n')
}

/** The gate's own location for it. */
async function wayToRedis(): Promise<string> {
  const text = await readFile(join(CHECKOUT, 'nginx/servers/gateway.conf'), 'utf8')
  return /location = \/_redis \{[^}]*\}/.exec(text)?.[0] ?? ''
}

/** What the gate sends on to the worker, less the scripts in between. */
async function proxyWithoutScripts(): Promise<string> {
  const text = await readFile(join(CHECKOUT, 'nginx/snippets/proxy-worker.conf'), 'utf8')
  return text.replace(/^\s*js_.*;$/gm, '')
}

function returned({ status, type, headers, body }: Refusal): string {
  const added = Object.entries(headers).map(
    ([name, value]) => `add_header ${name} '${value}' always;`,
  )
  return [`default_type "${type}";`, ...added, `return ${status} '${body}';`].join(' ')
}
