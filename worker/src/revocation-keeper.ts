/**
 * Keeps Redis up to date with what was revoked: it repeats what is in the outbox until Redis has
 * nothing left to forget, and writes the copies of users anew when Redis may have lost some.
 */

import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { sessionKey, tokenKey } from '#contract/redis-keys.ts'
import { backoffMs } from './domain/backoff.ts'
import { createStateLog } from './state-log.ts'
import { type NotedRevocation, REVOCATION_BATCH, type Revocations } from './stores/revocations.ts'
import type { UserCopies } from './stores/user-copies.ts'
import type { Users } from './stores/users.ts'

export interface RevocationKeeperDeps {
  readonly redis: Redis
  readonly users: Pick<Users, 'findById' | 'listActive'>
  readonly userCopies: Pick<UserCopies, 'write'>
  readonly revocations: Revocations
  readonly sessionAbsoluteMs: number
  readonly log: Logger
  /** Unix milliseconds. */
  readonly now: () => number
}

export interface RevocationKeeper {
  /** Resolves when nothing is done any more. */
  stop(): Promise<void>
}

/** The outbox is looked at this often (ms), and at once when Redis is back. */
const TICK_MS = 5000
/** Users whose copies are written in one step. */
const BATCH = 500

/** Starts at once. Neither Redis nor MySQL has to be there; both are waited for. */
export function startRevocationKeeper(deps: RevocationKeeperDeps): RevocationKeeper {
  const { redis, users, userCopies, revocations, log, now } = deps
  const state = createStateLog(log, 'revocations in Redis')
  /** The run of Redis that has all copies. */
  let currentRun: string | undefined
  /** Redis may be another one than at the last look. */
  let mustLook = true
  let isStopping = false
  let isWoken = false
  let wake: () => void = () => {}

  function onReady(): void {
    mustLook = true
    wakeUp()
  }

  function wakeUp(): void {
    isWoken = true
    wake()
  }

  async function run(): Promise<void> {
    let failures = 0
    while (!isStopping) {
      try {
        await lookAtRedis()
        await replay()
        state.up()
        failures = 0
      } catch (error) {
        mustLook = true
        state.down(error)
        failures += 1
      }
      await pause(failures === 0 ? TICK_MS : Math.min(backoffMs(failures), TICK_MS))
    }
  }

  /** A Redis that was started anew may have lost its last second, or everything. */
  async function lookAtRedis(): Promise<void> {
    if (!mustLook) return
    mustLook = false
    const runId = /^run_id:(\w+)/m.exec(await redis.info('server'))?.[1]
    if (runId === currentRun) return
    const count = await writeCopies()
    currentRun = runId
    log.info({ users: count, runId }, 'copies of users written to Redis')
  }

  /** Returns the number of users. */
  async function writeCopies(): Promise<number> {
    const since = new Date(now() - deps.sessionAbsoluteMs)
    let count = 0
    let afterId: string | undefined = '0'
    while (afterId !== undefined && !isStopping) {
      const batch = await users.listActive(since, afterId, BATCH)
      await userCopies.write(batch)
      count += batch.length
      afterId = batch.length === BATCH ? batch.at(-1)?.id : undefined
    }
    return count
  }

  async function replay(): Promise<void> {
    let afterId: string | undefined = '0'
    while (afterId !== undefined && !isStopping) {
      const batch = await revocations.list(afterId)
      const done: string[] = []
      for (const noted of batch) {
        const wasNews = await apply(noted)
        // Redis forgot it a while ago and has written that down, so it is gone for good.
        if (!wasNews && noted.isOld) done.push(noted.id)
      }
      await revocations.remove(done)
      afterId = batch.length === REVOCATION_BATCH ? batch.at(-1)?.id : undefined
    }
  }

  /** Returns true if Redis had not known it. */
  async function apply({ uid, hash }: NotedRevocation): Promise<boolean> {
    // A hash names a session or an access token, never both.
    if (hash !== null) return (await redis.del(sessionKey(uid, hash), tokenKey(uid, hash))) > 0
    const user = await users.findById(uid)
    return user !== undefined && (await userCopies.write([user])) > 0
  }

  async function pause(ms: number): Promise<void> {
    if (!isWoken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    isWoken = false
  }

  redis.on('ready', onReady)
  const running = run()
  return {
    async stop() {
      isStopping = true
      redis.off('ready', onReady)
      wakeUp()
      await running
    },
  }
}
