/**
 * The text that nginx's own status page (stub_status) answers. Its count of requests is left out: it
 * holds the gate's own periodic work, too.
 */

export interface NginxStatus {
  readonly accepted: number
  /** Fewer than accepted when connections were given up for want of room. */
  readonly handled: number
  readonly reading: number
  readonly writing: number
  /** Idle, kept for the next request. */
  readonly waiting: number
}

/** Returns the figures, or undefined if the text is something else. */
export function parseNginxStatus(text: string): NginxStatus | undefined {
  const totals = /^ (\d+) (\d+) \d+ ?$/m.exec(text)
  const states = /^Reading: (\d+) Writing: (\d+) Waiting: (\d+) ?$/m.exec(text)
  if (totals === null || states === null) return undefined
  const [, accepted, handled] = totals.map(Number)
  const [, reading, writing, waiting] = states.map(Number)
  return {
    accepted: accepted ?? 0,
    handled: handled ?? 0,
    reading: reading ?? 0,
    writing: writing ?? 0,
    waiting: waiting ?? 0,
  }
}
