/**
 * What is kept of a running answer outside the process that runs it, so that another worker can show
 * it, or settle it once its own worker is gone.
 */

import type { ReceivedTokens } from './token-estimate.ts'
import type { TurnResult } from './turn.ts'
import type { MeterState } from './usage-meter.ts'

/** An answer as far as its worker told. */
export interface PartialAnswer
  extends Pick<
    TurnResult,
    | 'reasoning'
    | 'content'
    | 'finishReason'
    | 'model'
    | 'firstTokenMs'
    | 'upstreamId'
    | 'traceId'
    | 'keyId'
  > {
  readonly meter: MeterState
  /** What came of the answer, of which there may be no text. */
  readonly received: ReceivedTokens
}

export interface PartialAnswers {
  /**
   * Returns what is kept of a generation; undefined if nothing is.
   * @throws {Failure} session_store_unavailable
   */
  read(uid: string, generationId: string): Promise<PartialAnswer | undefined>
  /** Forgets it, because its row is stored. Never rejects: what is left behind lapses by itself. */
  drop(uid: string, generationId: string): Promise<void>
}
