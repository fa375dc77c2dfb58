/** nginx alone, with a configuration and a bundle made by a test. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { njsBuildOptions } from '../../njs/build.mjs'
import { SERVER_PACKAGES } from '../../scripts/root/packages.ts'
import { ensurePrivateRoot } from '../../scripts/root/private-root.ts'
import { commandSettings } from '../../scripts/stack/command-settings.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { freePorts } from './free-ports.ts'

const READY_MS = 10_000

export interface BareNginx {
  readonly url: string
  /** What nginx wrote to its error log so far. */
  log(): Promise<string>
  stop(): Promise<void>
}

/**
 * Starts nginx with `http` as the content of the http block; `PORT` in it stands for its port.
 * @param entry source whose default export is imported as `gate`
 */
export async function startBareNginx(entry: string, http: string): Promise<BareNginx> {
  const { cache, suite } = commandSettings()
  const root = await ensurePrivateRoot(cache, suite, SERVER_PACKAGES, () => undefined)
  const folder = await mkdtemp(join(tmpdir(), 'chatgate-nginx-'))
  const [port = 0] = await freePorts(1)
  await mkdir(join(folder, 'temp'))
  await build({ ...njsBuildOptions, entryPoints: { gate: entry }, outdir: folder })
  const log = join(folder, 'error.log')
  await writeFile(
    join(folder, 'nginx.conf'),
    configuration(root.path('usr/lib/nginx/modules'), folder, http, port),
  )
  const { file, args } = root.command('usr/sbin/nginx', [
    '-p',
    folder,
    '-e',
    log,
    '-c',
    join(folder, 'nginx.conf'),
  ])
  const child = spawn(file, args, { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  await waitFor(() => fetch(url), READY_MS)
  return {
    url,
    log: () => readFile(log, 'utf8'),
    async stop() {
      const exited = once(child, 'exit')
      child.kill('SIGQUIT')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function configuration(modules: string, folder: string, http: string, port: number): string {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
load_module ${modules}/ngx_http_js_module.so;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log info;
events { worker_connections 128; }
http {
  access_log off;
  js_engine qjs;
  js_path ${folder};
  js_import gate from gate.js;
  ${temp.map((name) => `${name}_temp_path ${folder}/temp/${name};`).join(' ')}
  ${http.replaceAll('PORT', String(port))}
}
`
}
