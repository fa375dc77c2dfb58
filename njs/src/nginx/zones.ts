/**
 * The memory that nginx's processes share (js_shared_dict_zone in nginx/templates/tunables.conf). Each
 * zone is looked up once, when the script is loaded, as finding one costs more than using it.
 */

const { shared } = ngx

/** Sessions and tokens that were good a moment ago (credential-cache.ts). */
export const credentials = shared['gate_credentials'] as NgxSharedDict<string>

/** Figures for /metrics (counters.ts), and how the delivery of log records goes (log-delivery.ts). */
export const counters = shared['gate_counters'] as NgxSharedDict<number>

/** Log records on their way to Redis (log-queue.ts). */
export const logRecords = shared['gate_log'] as NgxSharedDict<string>

/** Sessions that are believed without asking Redis (credential-cache.ts). */
export const fresh = shared['gate_fresh'] as NgxSharedDict<string>

/** What is known of Redis' health (redis-state.ts). */
export const redisHealth = shared['gate_redis'] as NgxSharedDict<number>

/** Refusals that still hold (refusal-cache.ts). */
export const refusals = shared['gate_refusals'] as NgxSharedDict<string>

/** Sessions and epochs that were ended (revocations.ts). */
export const tombstones = shared['gate_revoked'] as NgxSharedDict<string>

/** What was logged already (setting-report.ts). */
export const said = shared['gate_said'] as NgxSharedDict<string>

/** Requests counted on this nginx (local-count.ts). */
export const slots = shared['gate_slots'] as NgxSharedDict<number>

/** Answers that run through this nginx (active-streams.ts). */
export const streams = shared['gate_streams'] as NgxSharedDict<string>

/** Tokens that the worker does not know (unknown-tokens.ts). */
export const unknownTokens = shared['gate_unknown_tokens'] as NgxSharedDict<string>
