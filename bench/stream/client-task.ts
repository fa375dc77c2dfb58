/** What the client is told, and what it tells in the end; both cross a process boundary as JSON. */

/** OpenAI's chunks, or the events of Chatgate's own API (contract/chat-events.ts). */
export type Dialect = 'openai' | 'chat'

export interface Way {
  readonly dialect: Dialect
  /** Plain HTTP/1.1, or HTTP/2 over TLS as a browser does it, a connection for each stream. */
  readonly http: 'plain' | 'tls'
  readonly port: number
  readonly path: string
  /** File with the certificate to trust; for `tls`. */
  readonly ca?: string
  /** Sent with each request. */
  readonly headers: Readonly<Record<string, string>>
  /** Session cookies, `name=value`, the streams' in turn; empty for none. */
  readonly cookies: readonly string[]
  readonly body: string
}

export interface ClientTask extends Way {
  /** The deltas of the right answer, in order. */
  readonly deltas: readonly string[]
  /** False: the answer is one JSON. */
  readonly streamed: boolean
  /** How many answers are asked for at a time. */
  readonly streams: number
  /** The first requests are spread over so many ms. */
  readonly rampMs: number
  /** Nothing is asked for any more after so many ms. */
  readonly forMs: number
  /** Nor after so many answers of each stream; 0 for no end. */
  readonly answersEach: number
  /** What ends before counts neither for the rate nor for the times, ms. */
  readonly warmUpMs: number
  /** Whether the arrival of each delta is timed; costs the client processor time. */
  readonly timed: boolean
}

/** Of a list of times, ms. */
export interface Times {
  readonly count: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

export interface ClientResult {
  /** Answers that were right, and their deltas. */
  readonly answers: number
  readonly deltas: number
  /** Other answers, by what was wrong. */
  readonly wrong: Readonly<Record<string, number>>
  /** Deltas a second between the end of the warm-up and the last request's time. */
  readonly perSecond: number
  /** From the request to the first delta; empty unless timed. */
  readonly first: Times
  /** Between two deltas of an answer; those that came together have 0 between them. */
  readonly gaps: Times
  /** From the request to the end. */
  readonly whole: Times
  /** The client's own processor time, µs. */
  readonly cpuUs: number
}
