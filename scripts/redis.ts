/** npm run redis -- CMD …: redis-cli, signed in to the Redis of the stack; without CMD a prompt. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseRedisUrl } from '../worker/src/redis-url.ts'
import { CHECKOUT } from './stack/layout.ts'
import { makePlan } from './stack/plan.ts'
import { baseEnvironment } from './stack/service.ts'
import { loadDotEnv } from './stack/settings.ts'
import { reportFailure, StartFailure } from './stack/start-failure.ts'
import { openRoot } from './stack/start-stack.ts'

async function redis(): Promise<void> {
  loadDotEnv(CHECKOUT)
  const plan = await makePlan(process.env)
  const address = parseRedisUrl(plan.worker.redisUrl)
  if (address === undefined) throw new StartFailure('REDIS_URL cannot be understood.')
  const root = await openRoot(plan, console.error)
  const { at, username, password, db } = address
  const where = 'path' in at ? ['-s', at.path] : ['-h', at.host, '-p', String(at.port)]
  const { file, args } = root.command('usr/bin/redis-cli', [
    ...where,
    ...('tls' in at && at.tls ? ['--tls'] : []),
    ...(username === undefined ? [] : ['--user', username]),
    ...['-n', String(db)],
    ...process.argv.slice(2),
  ])
  // By the environment, because arguments are visible to every process of the machine.
  const env = { ...baseEnvironment(), ...(password && { REDISCLI_AUTH: password }) }
  const [code] = await once(spawn(file, args, { stdio: 'inherit', env }), 'exit')
  process.exitCode = Number(code ?? 1)
}

await redis().catch(reportFailure)
