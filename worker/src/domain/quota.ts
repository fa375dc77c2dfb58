/**
 * What a call may use before it is made: every quota of its user and of its access token is charged with
 * the most that the call can cost, and with what it did cost once it has ended.
 */

export interface QuotaRequest {
  readonly requestId: string
  /** users.id, decimal. */
  readonly uid: string
  /** access_tokens.id of the program that asks, decimal; undefined for browsers. */
  readonly token: string | undefined
  /** The model that will be asked for, by which a money quota is charged. */
  readonly model: string
  /** UTF-8 bytes of all that is sent as prompt (promptBytes); without the data of images. */
  readonly promptBytes: number
  /** Images in the prompt; default 0. */
  readonly images?: number
  /** The most tokens that the caller wants to be written; undefined: not said. */
  readonly maxTokens: number | undefined
}

export interface Reservation {
  /**
   * What the provider is to be given as max_tokens; undefined if neither the caller nor a quota bounds
   * the answer.
   */
  readonly maxTokens: number | undefined
  /** What is reserved: tokens, and decimal text in the currency of the prices; both 0 without a quota. */
  readonly tokens: number
  readonly cost: string
  /** When the call begins for the books, Unix ms: it has to be the `started_at` of its row. */
  readonly at: number
}

export interface Quotas {
  /**
   * Reserves what a call may use. Call it right before the call's open row is written: a reservation
   * that has neither a row a second later nor a worker that holds it is lost when Redis loses its memory.
   * @throws {Failure} quota_exhausted with the seconds until a quota begins anew, limits_unavailable,
   *   storage_unavailable
   */
  reserve(request: QuotaRequest): Promise<Reservation>
  /** Gives a reservation back whose call was never made; never rejects. */
  release(requestId: string): Promise<void>
}

/** What is assumed of a caller who does not say how long the answer may be. */
export const DEFAULT_MAX_TOKENS = 8192

/** A call is not made if less than this is left for its answer. */
export const LEAST_ANSWER_TOKENS = 256

/** For what a provider adds to a prompt: a token is at least a byte, but not every token is in our text. */
const ADDED_TOKENS = 256

/** What an image is counted as, whatever its size: a declared bound, as the provider names no price. */
export const TOKENS_PER_IMAGE = 4096

/** What surrounds a message, where it is sent as JSON and where the provider writes its role. */
const MESSAGE_BYTES = 32

/** Larger wishes are no wishes; so everything fits MySQL's columns and is exact in Redis. */
const MOST_TOKENS = 1_000_000_000

/** Returns `promptBytes` of messages that are all text. */
export function promptBytes(messages: readonly { readonly content: string }[]): number {
  return messages.reduce(
    (sum, { content }) => sum + Buffer.byteLength(content, 'utf8') + MESSAGE_BYTES,
    0,
  )
}

/** Returns the most tokens that the prompt can have. */
export function promptTokens({ promptBytes, images = 0 }: QuotaRequest): number {
  return Math.min(promptBytes + images * TOKENS_PER_IMAGE + ADDED_TOKENS, MOST_TOKENS)
}

/** Returns how long an answer a caller wants who has a quota. */
export function wantedTokens({ maxTokens }: QuotaRequest): number {
  return Math.min(maxTokens ?? DEFAULT_MAX_TOKENS, MOST_TOKENS)
}
