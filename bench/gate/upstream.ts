/** What stands for the worker: an nginx that answers the same few bytes to everything. */

import { access, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PrivateRoot } from '../../scripts/root/private-root.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { baseEnvironment } from '../../scripts/stack/service.ts'
import { Program } from '../support/processes.ts'

const READY_MS = 10_000

/** As long as the worker's answer to GET /api/me. */
const BODY = JSON.stringify({
  id: '1000',
  username: 'guopengfei_learning',
  role: 'user',
  created_at: '2026-01-01T00:00:00.000Z',
  last_login_at: '2026-01-01T00:00:00.000Z',
})

/** Starts it on these unix sockets; `folder` takes what it writes. */
export async function startUpstream(
  root: PrivateRoot,
  folder: string,
  sockets: readonly string[],
  cpus: string,
): Promise<Program> {
  await mkdir(folder, { recursive: true })
  const conf = join(folder, 'nginx.conf')
  await writeFile(conf, configuration(folder, sockets))
  const log = join(folder, 'nginx.log')
  const command = root.command('usr/sbin/nginx', ['-p', folder, '-e', log, '-c', conf])
  const program = await Program.start({ ...command, env: baseEnvironment() }, log, cpus, 'SIGQUIT')
  for (const socket of sockets) await waitFor(() => access(socket), READY_MS)
  return program
}

function configuration(folder: string, sockets: readonly string[]): string {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
daemon off;
pid ${folder}/nginx.pid;
worker_processes 1;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 100000000;
  ${temp.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  server {
    ${sockets.map((socket) => `listen unix:${socket} backlog=4096;`).join(' ')}
    default_type application/json;
    return 200 '${BODY}';
  }
}
`
}
