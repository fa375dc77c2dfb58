/** Which known name a misspelt one may have been meant to be. */

/** Two slips in a word of normal length; one in a short word, where two make another word. */
const SHORT = 6

/** Returns the nearest of the names, or undefined if none is near. */
export function nearestName(name: string, names: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = (name.length < SHORT ? 1 : 2) + 1
  for (const candidate of names) {
    const distance = editDistance(name, candidate)
    if (candidate !== name && distance < least) [best, least] = [candidate, distance]
  }
  return best
}

/** Returns `; did you mean X?`, or nothing if no name is near. */
export function didYouMean(name: string, names: Iterable<string>, sign = ''): string {
  const nearest = nearestName(name, names)
  return nearest === undefined ? '' : `; did you mean ${sign}${nearest}?`
}

/** Insertions, deletions, substitutions and swaps of neighbours that lead from one to the other. */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1
      const ways = [
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + cost,
      ]
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped && row > 1 && column > 1) ways.push((before[column - 2] ?? 0) + 1)
      current.push(Math.min(...ways))
    }
    ;[before, previous] = [previous, current]
  }
  return previous[b.length] ?? 0
}
