/** Durations as operators write them: `500ms`, `30s`, `15m`, `12h`, `7d`. */

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Returns the duration in milliseconds, or undefined if the text is not a positive duration with a unit. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text.trim())
  const unit = UNIT_MS[match?.[2] ?? '']
  const count = Number(match?.[1])
  return unit === undefined || count <= 0 ? undefined : count * unit
}
