/**
 * nginx with the bridge and its http side as they are in nginx/: the template of the bridge, the block
 * `location = /_redis` and the upstream it leads to; around them only what a test needs.
 */

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { njsBuildOptions } from '../../njs/build.mjs'
import { SERVER_PACKAGES } from '../../scripts/root/packages.ts'
import { ensurePrivateRoot, type PrivateRoot } from '../../scripts/root/private-root.ts'
import { commandSettings } from '../../scripts/stack/command-settings.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { freePorts } from './free-ports.ts'
import { plainHttp } from './plain-http.ts'

const READY_MS = 10_000
const NGINX = fileURLToPath(new URL('../../nginx', import.meta.url))
const SOURCES = {
  gate: fileURLToPath(new URL('bridge-handlers.ts', import.meta.url)),
  bridge: fileURLToPath(new URL('../../njs/src/bridge.ts', import.meta.url)),
}

export interface BridgeSettings {
  /** As it stands after `server` in an upstream block. */
  readonly address: string
  readonly user?: string
  readonly password?: string
  readonly database?: number
  /** Directives for TLS, as scripts/stack writes them. */
  readonly tls?: string
  readonly ca?: string
  /** Where the http side goes in the bridge's stead. */
  readonly insteadOfBridge?: string
  /** Puts other numbers into the http side, to reach its borders sooner. */
  readonly turn?: (configuration: string) => string
}

/** By which function of njs/src/nginx/redis.ts the commands are sent. */
export type Way = 'byPipeline' | 'byCall' | 'byAsk' | 'detached'

export interface BridgeNginx {
  readonly socket: string
  readonly pid: number
  /** Sends the commands; returns status and answer of the handler, the replies as JSON. */
  send(
    way: Way,
    commands: readonly (readonly string[])[],
  ): Promise<{ status: number; text: string }>
  /** Returns the replies. */
  replies(way: Way, commands: readonly (readonly string[])[]): Promise<unknown>
  get(path: string): Promise<string>
  /** What nginx wrote to its error log so far. */
  log(): Promise<string>
  stop(): Promise<void>
}

/** Starts one nginx process of one worker with a bridge to this Redis. */
export async function startBridgeNginx(settings: BridgeSettings): Promise<BridgeNginx> {
  const { cache, suite } = commandSettings()
  const root = await ensurePrivateRoot(cache, suite, SERVER_PACKAGES, () => undefined)
  const folder = await mkdtemp(join(tmpdir(), 'chatgate-bridge-'))
  const [port = 0] = await freePorts(1)
  const socket = settings.insteadOfBridge ?? join(folder, 'bridge.sock')
  await mkdir(join(folder, 'temp'))
  await build({ ...njsBuildOptions, entryPoints: SOURCES, outdir: folder })
  const stream = await renderBridge(folder, socket, settings)
  const http = await httpSide(folder, socket, port, settings)
  const log = join(folder, 'error.log')
  // As root nginx would hand its worker to an account that cannot enter the folder.
  const user = userInfo().uid === 0 ? 'user root;' : ''
  const config = join(folder, 'nginx.conf')
  await writeFile(
    config,
    [
      ...modules(root, settings.insteadOfBridge === undefined),
      `daemon off; ${user} pid ${folder}/nginx.pid; error_log ${log} info;`,
      'worker_processes 1; events { worker_connections 4096; }',
      `http { ${http} }`,
      settings.insteadOfBridge === undefined ? `stream { ${stream} }` : '',
    ].join('\n'),
  )
  const { file, args } = root.command('usr/sbin/nginx', ['-p', folder, '-e', log, '-c', config])
  const child = spawn(file, args, { stdio: 'ignore' })
  await waitFor(() => plainHttp({ to: port, path: '/' }), READY_MS)
  const send = (path: string, body: string) => plainHttp({ to: port, path, method: 'POST', body })
  return {
    socket,
    pid: child.pid ?? 0,
    send: (way, commands) => send(`/${way}`, JSON.stringify(commands)),
    async replies(way, commands) {
      const { status, text } = await send(`/${way}`, JSON.stringify(commands))
      if (status !== 200) throw new Error(`${way} answered ${status}: ${text}`)
      return JSON.parse(text)
    },
    get: async (path) => (await plainHttp({ to: port, path })).text,
    log: () => readFile(log, 'utf8'),
    async stop() {
      const exited = once(child, 'exit')
      child.kill('SIGQUIT')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function modules(root: PrivateRoot, withStream: boolean): readonly string[] {
  const stream = withStream ? ['ngx_stream_module', 'ngx_stream_js_module'] : []
  return [...stream, 'ngx_http_js_module'].map(
    (name) => `load_module ${root.path(`usr/lib/nginx/modules/${name}.so`)};`,
  )
}

/** Returns the bridge's part of nginx.conf, made by the script that makes it in earnest. */
async function renderBridge(
  folder: string,
  socket: string,
  { address, user = '', password = '', database = 0, tls = '', ca }: BridgeSettings,
): Promise<string> {
  const templates = join(folder, 'templates')
  await mkdir(templates)
  await copyFile(join(NGINX, 'templates/bridge.conf'), join(templates, 'bridge.conf'))
  const values = {
    NJS_PATH: folder,
    BRIDGE_SOCKET: socket,
    RESOLVER: '',
    REDIS_ADDRESS: address,
    REDIS_USER: user,
    REDIS_PASSWORD: password,
    REDIS_DATABASE: String(database),
    REDIS_TLS: tls,
    ...(ca !== undefined && { REDIS_CA: ca }),
  }
  const lines = Object.entries(values).map(([name, value]) => `${name}=${value}\n`)
  await writeFile(join(folder, 'values.env'), lines.join(''))
  const target = join(folder, 'rendered')
  await promisify(execFile)(join(NGINX, 'render.sh'), [
    join(folder, 'values.env'),
    templates,
    target,
  ])
  // Here the bridge is not quiet: what nginx and the filter say is part of what is tested.
  await writeFile(join(target, 'quiet.conf'), '')
  return readFile(join(target, 'bridge.conf'), 'utf8')
}

async function httpSide(
  folder: string,
  socket: string,
  port: number,
  { turn = (text) => text }: BridgeSettings,
): Promise<string> {
  const template = await readFile(join(NGINX, 'templates/http.conf'), 'utf8')
  const gateway = await readFile(join(NGINX, 'servers/gateway.conf'), 'utf8')
  const upstream = block(template, 'upstream redis_bridge').replace(/\$\{BRIDGE_SOCKET\}/, socket)
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
    access_log off;
    js_engine qjs;
    js_path ${folder};
    js_import gate from gate.js;
    js_var $bridge_socket ${socket};
    subrequest_output_buffer_size 64k;
    client_max_body_size 8m;
    client_body_buffer_size 8m;
    ${temp.map((name) => `${name}_temp_path ${folder}/temp/${name};`).join(' ')}
    ${turn(upstream)}
    server {
      listen 127.0.0.1:${port};
      ${turn(block(gateway, 'location = /_redis'))}
      ${['byAsk', 'byCall', 'byPipeline', 'detached', 'vectors']
        .map((name) => `location = /${name} { js_content gate.${name}; js_fetch_timeout 2s; }`)
        .join('\n')}
      location / { return 404; }
    }`
}

/** Returns a block of a configuration file, from its name to its closing brace. */
function block(text: string, name: string): string {
  const lines = text.split('\n')
  const first = lines.findIndex((line) => line.trim() === `${name} {`)
  const indent = /^ */.exec(lines[first] ?? '')?.[0] ?? ''
  const last = lines.indexOf(`${indent}}`, first)
  if (first < 0 || last < 0) throw new Error(`no block ${name}`)
  return lines.slice(first, last + 1).join('\n')
}
