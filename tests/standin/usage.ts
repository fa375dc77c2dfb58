/** Token usage as the provider reports it. */

export interface Usage {
  readonly prompt_tokens: number
  /** Includes the reasoning tokens. */
  readonly completion_tokens: number
  readonly total_tokens: number
  readonly prompt_tokens_details: { readonly cached_tokens: number }
  /** Absent, not zero, when thinking is off. */
  readonly completion_tokens_details?: { readonly reasoning_tokens: number }
  readonly prompt_cache_hit_tokens: number
  readonly prompt_cache_miss_tokens: number
}

export interface Counts {
  readonly prompt: number
  /** At most `prompt`. */
  readonly cached: number
  readonly reasoning: number
  readonly content: number
  /** Of tool calls. */
  readonly tools: number
}

/** Returns the usage object; the order of its keys is the provider's. */
export function makeUsage(counts: Counts, thinking: boolean): Usage {
  const completion = counts.reasoning + counts.content + counts.tools
  return {
    prompt_tokens: counts.prompt,
    completion_tokens: completion,
    total_tokens: counts.prompt + completion,
    prompt_tokens_details: { cached_tokens: counts.cached },
    ...(thinking && { completion_tokens_details: { reasoning_tokens: counts.reasoning } }),
    prompt_cache_hit_tokens: counts.cached,
    prompt_cache_miss_tokens: counts.prompt - counts.cached,
  }
}
