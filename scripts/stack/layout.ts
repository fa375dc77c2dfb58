/** Where a run keeps what it writes: all of it under the data folder, sockets where paths are short. */

import { createHash } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StartFailure } from './start-failure.ts'

/** Root of the checkout. */
export const CHECKOUT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** A unix socket's path must fit sockaddr_un (108 bytes with the final NUL). */
const MAX_SOCKET_DIR = 80

export interface Layout {
  readonly data: string
  readonly secrets: string
  readonly tls: string
  readonly logs: string
  readonly mysqlData: string
  readonly redisData: string
  /** Ends of calls that the worker could store nowhere else. */
  readonly spool: string
  readonly nginx: string
  /** nginx's configuration as it runs: links into the checkout, and rendered/. */
  readonly nginxConf: string
  /** JSON: what is running (process-table.ts). */
  readonly processes: string
  readonly sockets: {
    readonly mysql: string
    readonly redis: string
    readonly bridge: string
    readonly worker: string
  }
}

/** Returns the layout below `data`, with its private folders made. */
export function makeLayout(data: string): Layout {
  const nginx = join(data, 'nginx')
  const run = socketFolder(data)
  const layout: Layout = {
    data,
    secrets: join(data, 'secrets.json'),
    tls: join(data, 'tls'),
    logs: join(data, 'logs'),
    mysqlData: join(data, 'mysql'),
    redisData: join(data, 'redis'),
    spool: join(data, 'spool'),
    nginx,
    nginxConf: join(nginx, 'conf'),
    processes: join(data, 'processes.json'),
    sockets: {
      mysql: join(run, 'mysql.sock'),
      redis: join(run, 'redis.sock'),
      bridge: join(run, 'bridge.sock'),
      worker: join(run, 'worker.sock'),
    },
  }
  for (const folder of [data, layout.tls, layout.logs, layout.redisData, nginx]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  }
  for (const name of ['temp', 'state']) {
    mkdirSync(join(nginx, name), { recursive: true, mode: 0o700 })
  }
  chmodSync(data, 0o700)
  return layout
}

function socketFolder(data: string): string {
  const near = join(data, 'run')
  if (Buffer.byteLength(near) <= MAX_SOCKET_DIR) {
    mkdirSync(near, { recursive: true, mode: 0o700 })
    return near
  }
  const name = createHash('sha256').update(data).digest('hex').slice(0, 16)
  const far = join(tmpdir(), `chatgate-${name}`)
  mkdirSync(far, { recursive: true, mode: 0o700 })
  const stat = lstatSync(far)
  if (!stat.isDirectory() || stat.uid !== userInfo().uid || (stat.mode & 0o077) !== 0) {
    throw new StartFailure(`${far} belongs to somebody else; choose a shorter CHATGATE_DATA.`)
  }
  return far
}
