/** Redis of the local run: on a unix socket only, with a password. */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { PrivateRoot } from '../root/private-root.ts'
import type { Layout } from './layout.ts'
import { waitFor } from './readiness.ts'
import type { StackSecrets } from './secrets.ts'
import { baseEnvironment, type Service } from './service.ts'

const READY_MS = 30_000

/** What Redis has to be like wherever it runs; docker-compose.yml says the same. */
export const REDIS_SETTINGS: Readonly<Record<string, string>> = {
  save: '""',
  appendonly: 'yes',
  appendfsync: 'everysec',
  maxmemory: '256mb',
  // Sessions must not be pushed out by anything; a full Redis refuses writes instead.
  'maxmemory-policy': 'noeviction',
}

/** Returns the Redis service. */
export function redisService(root: PrivateRoot, layout: Layout, secrets: StackSecrets): Service {
  const config = join(layout.redisData, 'redis.conf')
  return {
    name: 'redis',
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
    async command() {
      await writeFile(config, configuration(layout, secrets), { mode: 0o600 })
      return { ...root.command('usr/bin/redis-server', [config]), env: baseEnvironment() }
    },
    ready: (signal) => waitFor(() => ping(layout, secrets), READY_MS, signal),
  }
}

/** Returns the URL under which worker and tools reach this Redis. */
export function redisUrl(layout: Layout, secrets: StackSecrets): string {
  return `unix://:${secrets.redis}@${encodeURI(layout.sockets.redis)}?db=0`
}

function configuration(layout: Layout, secrets: StackSecrets): string {
  return [
    'port 0',
    `unixsocket "${layout.sockets.redis}"`,
    'unixsocketperm 600',
    `requirepass ${secrets.redis}`,
    `dir "${layout.redisData}"`,
    'daemonize no',
    ...Object.entries(REDIS_SETTINGS).map(([name, value]) => `${name} ${value}`),
    'tcp-backlog 128',
    '',
  ].join('\n')
}

async function ping(layout: Layout, { redis: password }: StackSecrets): Promise<void> {
  const path = layout.sockets.redis
  const redis = new Redis({ path, password, lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    await redis.ping()
  } finally {
    redis.disconnect()
  }
}
