/** What a benchmark wants to see, and whether it did. */

/** One thing that should be reached. */
export interface Target {
  readonly what: string
  readonly wanted: string
  readonly got: string
  readonly met: boolean
}

/** Returns a target that a number is at least so large. */
export function atLeast(what: string, wanted: number, got: number): Target {
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`
  return { what, wanted: `≥ ${percent(wanted)}`, got: percent(got), met: got >= wanted }
}

/** Returns a target that a count is zero. */
export function none(what: string, count: number): Target {
  return { what, wanted: '0', got: String(count), met: count === 0 }
}

/** Targets that belong together. */
export interface TargetGroup {
  readonly title: string
  readonly targets: readonly Target[]
}

/** Returns all targets, a line each, and how many are missed. */
export function targetTable(groups: readonly TargetGroup[]): string {
  const lines = groups.flatMap(({ title, targets }) => ['', title, ...targets.map(line)])
  const all = groups.flatMap(({ targets }) => targets)
  const missed = all.filter(({ met }) => !met).length
  const verdict =
    missed === 0 ? `All ${all.length} targets met.` : `${missed} of ${all.length} targets MISSED.`
  return [...lines, '', verdict].join('\n')
}

function line({ what, wanted, got, met }: Target): string {
  return `  ${met ? 'met   ' : 'MISSED'}  ${what.padEnd(48)}${got.padStart(14)}   wanted ${wanted}`
}
