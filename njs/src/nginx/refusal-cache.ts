/**
 * Requests that a limit refuses, remembered until it has room again, so that a flood is answered
 * without Redis. They are found by what the client sends, so that nothing has to be read or proved
 * before. Only refusals are remembered, never admissions.
 */

import type { LimitPolicy } from '../contract/limit-policy.ts'
import type { Deny } from '../domain/decision.ts'
import { overLimit } from '../domain/over-limit.ts'
import { type PolicyState, seconds } from '../domain/rate-headers.ts'
import type { GateSettings } from './gate-settings.ts'
import { refusals } from './zones.ts'

/**
 * The longest that a refusal is believed without asking again, ms. Within this time a limit that an
 * admin has raised for one user, or a day's window, is looked at anew.
 */
const MAX_MEMORY_MS = 60_000

/**
 * An entry is Unix ms, whether it is plain, uid, and the exhausted windows with quota and Unix ms: of a
 * plain one none, as it is the location's only window with its own quota.
 */
export const UNTIL_DIGITS = 13
export const PLAIN = 'p'
const SPECIAL = '-'
export const REFUSED_UID = UNTIL_DIGITS + 1

/** Bounds the memory of refusals that were put into words. */
const MAX_RECENT = 500

export interface KnownRefusal {
  readonly refusal: Deny
  /** Names of the policies that refuse. */
  readonly policies: readonly string[]
}

/** In words for so many seconds, in a location with that limit. */
interface Worded extends KnownRefusal {
  readonly wait: number
  readonly limit: string
}

/** Refusals put into words in this second: a pure cache, as a flood gets the same one each time. */
const recent = new Map<string, Worded>()

/**
 * Returns the refusal that still holds, or undefined.
 * @param sender the credential as the client sent it, or the client's address
 */
export function rememberedRefusal(
  settings: GateSettings,
  sender: string,
  nowMs: number,
): KnownRefusal | undefined {
  const entry = refusals.get(keyOf(settings, sender))
  if (entry === undefined) return undefined
  let known = recent.get(entry)
  const wait = seconds(untilOf(entry) - nowMs)
  if (wait <= 0) return undefined
  if (known === undefined || known.wait !== wait || known.limit !== settings.limit) {
    known = readEntry(settings, entry, wait, nowMs)
    if (recent.size >= MAX_RECENT) recent.clear()
    recent.set(entry, known)
  }
  return known
}

/**
 * Remembers the exhausted windows of a refused request. Running answers that are in the way are not
 * remembered: one may end at any moment, and where a window is exhausted too that changes nothing.
 */
export function rememberRefusal(
  settings: GateSettings,
  sender: string,
  uid: string,
  states: readonly PolicyState[],
  nowMs: number,
): void {
  const exhausted = states.filter(
    ({ policy, remaining }) => policy.kind === 'window' && remaining === 0,
  )
  if (exhausted.length === 0) return
  const longest = Math.max(...exhausted.map(({ resetMs }) => resetMs))
  const words = exhausted.map(({ policy, quota, resetMs }) => {
    return `${policy.name}:${quota}:${nowMs + resetMs}`
  })
  const about = isPlain(settings, exhausted) ? [PLAIN + uid] : [SPECIAL + uid, ...words]
  const entry = nowMs + longest + about.join(' ')
  refusals.set(keyOf(settings, sender), entry, Math.min(longest, MAX_MEMORY_MS))
}

function isPlain({ policies }: GateSettings, [first]: readonly PolicyState[]): boolean {
  const windows = policies.filter(({ policy }) => policy.kind === 'window')
  return windows.length === 1 && first?.quota === windows[0]?.policy.quota
}

/** The policies' text is part of the key: the zone outlives a reload that changes them. */
function keyOf({ refusalStart }: GateSettings, sender: string): string {
  return refusalStart + sender
}

function readEntry(settings: GateSettings, entry: string, wait: number, nowMs: number): Worded {
  const [uid = '', ...words] = entry.slice(REFUSED_UID).split(' ')
  const states =
    entry.charAt(UNTIL_DIGITS) === PLAIN
      ? settings.policies.flatMap(({ policy }) =>
          stateOf(policy, policy.quota, untilOf(entry) - nowMs),
        )
      : words.flatMap((word) => {
          const [name = '', quota, until] = word.split(':')
          const policy = settings.policies.find((own) => own.policy.name === name)?.policy
          return policy ? stateOf(policy, Number(quota), Number(until) - nowMs) : []
        })
  const policies = states.map(({ policy }) => policy.name)
  return { wait, limit: settings.limit, refusal: overLimit(states, 'memory', uid), policies }
}

/** Returns no state of a window that has room again. */
function stateOf(policy: LimitPolicy, quota: number, resetMs: number): readonly PolicyState[] {
  if (policy.kind !== 'window' || resetMs <= 0) return []
  return [{ policy, quota, remaining: 0, resetMs }]
}

/** Returns until when an entry holds, Unix ms. */
function untilOf(entry: string): number {
  return Number(entry.slice(0, UNTIL_DIGITS))
}
