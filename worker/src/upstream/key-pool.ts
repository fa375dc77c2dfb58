/**
 * Which key a call goes out with: by weight among the healthy ones, and with another one if the
 * provider has refused before it began to answer. Choosing costs no I/O beyond the list's two seconds.
 */

import type { Logger } from 'pino'
import { createKeyBook, type KeyObstacle } from '../domain/key-book.ts'
import { PICKED_MS, TRIAL_MS } from '../domain/key-health.ts'
import type {
  ChatCall,
  ForwardCall,
  ForwardEvent,
  UpstreamEvent,
} from '../domain/upstream-event.ts'
import { chooseKey, ownAccount, type PooledKey, type UpstreamKey } from '../domain/upstream-key.ts'
import { Failure } from '../failure.ts'
import type { ApiKeys } from '../stores/api-keys.ts'
import type { Upstream } from './deepseek.ts'
import { retryOf } from './key-sign.ts'
import { type WatchedKey, watchCall } from './watched-call.ts'

export interface KeyPool {
  /**
   * Returns the key for one call.
   * @throws {Failure} no_upstream_key; if none of them can be used just now upstream_busy or
   *   upstream_unavailable with the seconds to wait, or why the provider serves none of them
   */
  pick(): Promise<UpstreamKey>
  /** Returns a key that a question about the provider may go out with. @throws {Failure} no_upstream_key */
  peek(): Promise<UpstreamKey>
  /**
   * Runs a call as Upstream.chat does. If the first key's account or server refuses it, it is made
   * again with others, at most MAX_TRIES times in all; `accepted` names the key that it was.
   */
  chat(firstKey: UpstreamKey, call: ChatCall, signal: AbortSignal): AsyncIterable<UpstreamEvent>
  /** Runs a call as Upstream.forward does, and tries again in the same way. */
  forward(
    firstKey: UpstreamKey,
    call: ForwardCall,
    signal: AbortSignal,
  ): AsyncIterable<ForwardEvent>
  /** Returns why this worker's calls leave the key alone, or undefined. */
  obstacle(key: PooledKey): KeyObstacle | undefined
}

export interface KeyPoolDeps {
  readonly keys: Pick<ApiKeys, 'usable' | 'known' | 'fault' | 'touch'>
  readonly upstream: Pick<Upstream, 'chat' | 'forward'>
  readonly log: Logger
  /** Unix milliseconds. */
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
  /** Rejects when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

const MAX_TRIES = 3
/** No try begins later than this after the first (ms): people wait. */
const RETRY_MS = 10_000
/** Longest pause (ms) before the call is made with the same key again; twice as long the next time. */
const PAUSE_MS = 150

export function createKeyPool(deps: KeyPoolDeps): KeyPool {
  const { keys, upstream, log, now, random, sleep } = deps
  const book = createKeyBook()
  /** The keys, as they were picked, whose call has the trial. */
  const trials = new WeakSet<UpstreamKey>()

  function choose(among: readonly PooledKey[]): PooledKey | undefined {
    const at = now()
    return chooseKey(
      among.filter((key) => book.obstacle(key, at) === undefined),
      random(),
    )
  }

  function firstOf(picked: UpstreamKey): WatchedKey {
    const { id } = picked
    const known = keys.known().find((key) => key.id === id)
    const gone = { ...picked, account: ownAccount(id, 0), version: 0, fault: null }
    const key = known ?? gone
    const isTrial = trials.delete(picked)
    if (isTrial) book.keepTrial(key, TRIAL_MS, now())
    return { key, isTrial }
  }

  function withTrial(key: PooledKey): WatchedKey {
    return { key, isTrial: book.takeTrial(key, TRIAL_MS, now()) }
  }

  /** Returns with what to try again after a failure, or undefined if not at all. */
  async function nextOf(
    { key }: WatchedKey,
    error: unknown,
    tried: ReadonlySet<string>,
    tries: number,
    signal: AbortSignal,
  ): Promise<WatchedKey | undefined> {
    const retry = retryOf(error)
    if (retry === 'never') return undefined
    const other = choose(keys.known().filter(({ id }) => !tried.has(id)))
    if (other !== undefined) return withTrial(other)
    if (retry === 'other key' || book.obstacle(key, now()) !== undefined) return undefined
    const pause = PAUSE_MS * tries * (0.5 + random() / 2)
    const isOver = await sleep(pause, signal).then(
      () => false,
      () => true,
    )
    return isOver ? undefined : withTrial(key)
  }

  /** Returns the call once its first event is there, and the event. */
  async function begin<E extends UpstreamEvent | ForwardEvent>(
    firstKey: UpstreamKey,
    requestId: string,
    open: (key: UpstreamKey) => AsyncIterable<E>,
    signal: AbortSignal,
  ) {
    const lastStart = now() + RETRY_MS
    const tried = new Set<string>()
    const blamed = new Set<string>()
    let current = firstOf(firstKey)
    for (let tries = 1; ; tries += 1) {
      const { key } = current
      tried.add(key.id)
      const running = watchCall(current, open(key), { book, keys, blamed, signal, log, now })
      try {
        return { running, first: await running.next() }
      } catch (error) {
        const mayRetry = tries < MAX_TRIES && !key.standin && !signal.aborted && now() < lastStart
        const next = mayRetry ? await nextOf(current, error, tried, tries, signal) : undefined
        if (next === undefined) throw error
        const code = error instanceof Failure ? error.code : undefined
        log.info({ requestId, key: key.alias, code, next: next.key.alias }, 'call is tried again')
        current = next
      }
    }
  }

  function run<E extends UpstreamEvent | ForwardEvent>(
    firstKey: UpstreamKey,
    requestId: string,
    open: (key: UpstreamKey) => AsyncIterable<E>,
    signal: AbortSignal,
  ): AsyncIterable<E> {
    let running: AsyncIterator<E> | undefined
    async function start(): Promise<IteratorResult<E>> {
      const begun = await begin(firstKey, requestId, open, signal)
      running = begun.running
      return begun.first
    }
    // By hand and not a generator, which would cost every event of the answer a few promises more.
    const iterator: AsyncIterator<E> = {
      next: () => (running === undefined ? start() : running.next()),
      async return() {
        await running?.return?.()
        return { done: true, value: undefined }
      },
    }
    return { [Symbol.asyncIterator]: () => iterator }
  }

  return {
    async pick() {
      const all = await keys.usable()
      if (all.length === 0) throw new Failure('no_upstream_key')
      const key = choose(all)
      if (key === undefined) throw refusal(all, now())
      if (!book.takeTrial(key, PICKED_MS, now())) return key
      const picked = { ...key }
      trials.add(picked)
      return picked
    },

    async peek() {
      const all = await keys.usable()
      const key = all.find(({ fault }) => fault === null) ?? all[0]
      if (key === undefined) throw new Failure('no_upstream_key')
      return key
    },

    chat: (firstKey, call, signal) =>
      run(firstKey, call.requestId, (key) => upstream.chat(key, call, signal), signal),
    forward: (firstKey, call, signal) =>
      run(firstKey, call.requestId, (key) => upstream.forward(key, call, signal), signal),

    obstacle: (key) => book.obstacle(key, now()),
  }

  function refusal(all: readonly PooledKey[], at: number): Failure {
    const obstacles = all.flatMap((key) => book.obstacle(key, at) ?? [])
    const [first] = obstacles
      .flatMap((obstacle) => ('until' in obstacle ? [obstacle] : []))
      .sort((a, b) => a.until - b.until)
    if (first !== undefined) {
      const retryAfter = Math.max(1, Math.ceil((first.until - at) / 1000))
      const code = first.kind === 'cooling' ? 'upstream_busy' : 'upstream_unavailable'
      return new Failure(code, { retryAfter })
    }
    const isPenniless = obstacles.some((o) => o.kind === 'fault' && o.fault === 'no_balance')
    return new Failure(isPenniless ? 'upstream_balance' : 'upstream_key_rejected')
  }
}
