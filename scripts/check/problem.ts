/** What a check found: a place that an operator can open, and what is wrong there. */

export interface Problem {
  /** As the operator knows it: `nginx/servers/gateway.conf`, `.env`, `environment`. */
  readonly file: string
  /** From 1; undefined where no line can be named. */
  readonly line?: number
  readonly message: string
}

/** Returns `file:line: message`. */
export function formatProblem({ file, line, message }: Problem): string {
  return `${placeOf({ file, line })}: ${message}`
}

/** Returns `file:line`, or the file where there is no line. */
export function placeOf({
  file,
  line,
}: {
  readonly file: string
  readonly line?: number | undefined
}) {
  return line === undefined ? file : `${file}:${line}`
}

/** Returns the problems by file and line, each once: a snippet may be included in many places. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const unique = new Map(problems.map((problem) => [formatProblem(problem), problem]))
  return [...unique.values()].sort(
    (a, b) =>
      compare(a.file, b.file) || (a.line ?? 0) - (b.line ?? 0) || compare(a.message, b.message),
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
