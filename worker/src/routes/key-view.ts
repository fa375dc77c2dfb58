/** A key as admins see it. */

import type { ApiKeyView } from '#contract/api.ts'
import type { KeyState, KeyTest } from '#contract/key-state.ts'
import type { Lang } from '#contract/lang.ts'
import { PROBLEMS } from '#contract/problem-codes.ts'
import type { KeyObstacle } from '../domain/key-book.ts'
import { Failure } from '../failure.ts'
import type { OpenedRow } from '../stores/api-keys.ts'
import type { KeyFinding } from '../upstream/key-check.ts'
import { FLAW_WORDS, STATE_WORDS, TEST_WORDS } from './key-words.ts'

/** Returns the row without its key. @param obstacle what keeps this worker's calls from it */
export function keyView(
  { row, flaw }: OpenedRow,
  obstacle: KeyObstacle | undefined,
  defaultBaseUrl: string,
  lang: Lang,
): ApiKeyView {
  const state = stateOf(row.enabled === 1, flaw !== undefined, obstacle)
  const until = obstacle !== undefined && 'until' in obstacle ? obstacle.until : undefined
  return {
    id: row.id,
    alias: row.alias,
    last4: row.last4,
    base_url: row.base_url ?? defaultBaseUrl,
    weight: row.weight,
    version: row.revision,
    account: row.account,
    enabled: row.enabled === 1,
    state,
    reason: reasonOf(state, flaw, lang),
    fault_at: row.fault_at?.toISOString() ?? null,
    cooling_until: until === undefined ? null : new Date(until).toISOString(),
    standin: row.standin === 1,
    created_at: row.created_at.toISOString(),
    last_used_at: row.last_used_at?.toISOString() ?? null,
  }
}

/** Returns the outcome of a test. */
export function testView({ failure, ...finding }: KeyFinding, lang: Lang): KeyTest {
  const words = failure && (TEST_WORDS[failure.code]?.[lang] ?? PROBLEMS[failure.code][lang].detail)
  return { ok: failure === undefined, detail: words ?? null, ...finding }
}

/** Returns the outcome for a row that has nothing to test with. */
export function flawView(flaw: NonNullable<OpenedRow['flaw']>, lang: Lang): KeyTest {
  return untested(FLAW_WORDS[flaw][lang])
}

/** Returns the outcome of a test that failed on our side. */
export function failureView(error: unknown, lang: Lang): KeyTest {
  return untested(PROBLEMS[error instanceof Failure ? error.code : 'internal'][lang].detail)
}

function untested(detail: string): KeyTest {
  return { ok: false, status: null, detail, latency_ms: null, models: [], balance: null }
}

function stateOf(
  isEnabled: boolean,
  isFlawed: boolean,
  obstacle: KeyObstacle | undefined,
): KeyState {
  if (!isEnabled) return 'disabled'
  if (isFlawed) return 'unusable'
  if (obstacle === undefined) return 'ok'
  return obstacle.kind === 'fault' ? obstacle.fault : obstacle.kind
}

function reasonOf(state: KeyState, flaw: OpenedRow['flaw'], lang: Lang): string | null {
  if (state === 'ok') return null
  if (state !== 'unusable') return STATE_WORDS[state][lang]
  return flaw === undefined ? null : FLAW_WORDS[flaw][lang]
}
