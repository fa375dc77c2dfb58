/** Tells Redis what the programs' calls in this worker have come to, a few times a second, all at once. */

import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { ProgramCall } from './domain/program-call.ts'
import { TELL_EVERY_MS } from './generation-relay.ts'
import { createStateLog } from './state-log.ts'
import type { CallProgressStore } from './stores/call-progress.ts'

export interface CallRelay {
  /** Tells of a call from now on, and forgets it in Redis when it is stored. */
  follow(call: ProgramCall): void
}

export interface CallRelayDeps {
  readonly store: CallProgressStore
  readonly redis: Redis
  readonly log: Logger
}

export function createCallRelay({ store, redis, log }: CallRelayDeps): CallRelay {
  /** What was told last of each call, as JSON; empty if nothing was. */
  const told = new Map<ProgramCall, string>()
  const state = createStateLog(log, 'redis for running calls')
  let timer: NodeJS.Timeout | undefined
  let isTelling = false

  // A Redis that was away may have lost its memory.
  redis.on('ready', () => {
    for (const call of told.keys()) told.set(call, '')
  })

  async function tell(): Promise<void> {
    if (isTelling) return
    isTelling = true
    try {
      const news = [...told].flatMap(([call, before]) => {
        const progress = JSON.stringify(call.progress())
        return progress === before ? [] : [{ call, progress }]
      })
      if (news.length === 0) return
      const taken = await store.tell(
        news.map(({ call: { begun }, progress }) => ({ uid: begun.uid, id: begun.id, progress })),
      )
      news.forEach(({ call, progress }, n) => {
        if (taken[n] && told.has(call)) told.set(call, progress)
      })
      if (taken.includes(false)) state.down(new Error('running calls could not be told'))
      else state.up()
    } finally {
      isTelling = false
    }
  }

  async function finish(call: ProgramCall): Promise<void> {
    const { uid, id } = call.begun
    const kept = await call.settled
    told.delete(call)
    if (told.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
    // Who brings it to MySQL forgets it in Redis.
    if (kept === 'stored') await store.drop(uid, id)
  }

  return {
    follow(call) {
      told.set(call, '')
      timer ??= setInterval(() => void tell(), TELL_EVERY_MS).unref()
      void finish(call)
    },
  }
}
