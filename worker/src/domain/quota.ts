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
  /** UTF-8 bytes of all that is sent as prompt; without the data of images. */
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
}

export interface Quotas {
  /**
   * Reserves what a call may use. Call it before anything is stored.
   * @throws {Failure} quota_exhausted with the seconds until a quota begins anew, limits_unavailable
   */
  reserve(request: QuotaRequest): Promise<Reservation>
  /** Gives a reservation back whose call was never made; never rejects. */
  release(requestId: string): Promise<void>
}

/** For those who have no quota. */
export const NO_QUOTAS: Quotas = {
  reserve: async ({ maxTokens }) => ({ maxTokens, tokens: 0, cost: '0' }),
  release: async () => {},
}
