/** One try at a call with one key, whose fate is noted for the key. */

import type { Logger } from 'pino'
import type { KeyBook } from '../domain/key-book.ts'
import type { KeySign } from '../domain/key-health.ts'
import type { ForwardEvent, UpstreamEvent } from '../domain/upstream-event.ts'
import type { PooledKey } from '../domain/upstream-key.ts'
import type { ApiKeys } from '../stores/api-keys.ts'
import { NOTHING, signOf } from './key-sign.ts'
import { withoutKey } from './upstream-error.ts'

export interface WatchedKey {
  readonly key: PooledKey
  /** Whether this call is the one that tries the key after a break. */
  readonly isTrial: boolean
}

export interface WatchDeps {
  readonly book: KeyBook
  readonly keys: Pick<ApiKeys, 'fault' | 'touch'>
  /** Ids of the keys that have failed this call before: it counts once against each. */
  readonly blamed: Set<string>
  readonly signal: AbortSignal
  readonly log: Logger
  /** Unix milliseconds. */
  readonly now: () => number
}

/** Returns the events of the call as they are; each costs one promise more. */
export function watchCall<E extends UpstreamEvent | ForwardEvent>(
  { key, isTrial }: WatchedKey,
  events: AsyncIterable<E>,
  { book, keys, blamed, signal, log, now }: WatchDeps,
): AsyncIterator<E> {
  const iterator = events[Symbol.asyncIterator]()
  let hasTrial = isTrial
  let hadPayload = false

  function note(sign: KeySign): void {
    // The stand-in's failures are scripted by whoever chats.
    if (key.standin) return
    book.note(key, sign, hasTrial, now())
    hasTrial = false
    if (sign.kind !== 'fault') return
    keys.fault(key, sign.fault).catch((err: unknown) => {
      log.warn({ err, key: key.alias }, 'what the provider says against a key was not stored')
    })
  }

  function onEvent(result: IteratorResult<E>): IteratorResult<E> {
    if (hadPayload) return result
    if (result.done) {
      note(NOTHING)
    } else if (result.value.kind === 'accepted') {
      keys.touch(key)
    } else if (result.value.kind !== 'alive') {
      hadPayload = true
      note({ kind: 'good' })
    }
    return result
  }

  function onError(error: unknown): never {
    const sign = signal.aborted ? NOTHING : signOf(error, hadPayload)
    const isKnown = sign.kind === 'failing' && blamed.has(key.id)
    if (sign.kind === 'failing') blamed.add(key.id)
    note(isKnown && !hasTrial ? NOTHING : sign)
    throw withoutKey(error, key.secret)
  }

  return {
    next: () => iterator.next().then(onEvent, onError),
    async return() {
      note(NOTHING)
      await iterator.return?.()
      return { done: true, value: undefined }
    },
  }
}
