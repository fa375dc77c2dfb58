/** Listens to what workers tell each other of running answers. */

import type { Redis } from 'ioredis'
import { GENERATION_NEWS, GENERATION_STOPS } from '#contract/redis-keys.ts'
import { createChangeSignal } from './domain/change-signal.ts'
import type { Generations } from './domain/generations.ts'

export interface GenerationNews {
  /** Resolves at the next news of any worker, after `ms`, or when the signal is aborted. */
  next(ms: number, signal: AbortSignal): Promise<void>
}

/**
 * Obeys stops from other workers, and passes on news.
 * @param subscriber a connection of its own: one that listens can do nothing else
 */
export function listenToWorkers(subscriber: Redis, generations: Generations): GenerationNews {
  const changes = createChangeSignal()
  // Subscriptions end with a connection; a failure means the next one is on its way.
  const subscribe = () => {
    subscriber.subscribe(GENERATION_STOPS, GENERATION_NEWS).catch(() => undefined)
  }
  subscriber.on('ready', subscribe)
  if (subscriber.status === 'ready') subscribe()
  subscriber.on('message', (channel, message) => {
    if (channel === GENERATION_NEWS) {
      changes.notify()
      return
    }
    const [uid = '', id = ''] = message.split(':')
    generations.get(uid, id)?.stop()
  })

  return {
    next(ms, signal) {
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          resolve()
        }
        const timer = setTimeout(done, ms)
        signal.addEventListener('abort', done)
        void changes.next().then(done)
      })
    },
  }
}
