/** Joins work that comes while the same kind is under way, so that it shares what each would cost alone. */

export interface CombinerDeps<Item, Result> {
  /** Does the work of some items as one; returns a result for each, in their order. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>
  /** How many runs there may be at a time. */
  readonly atOnce: number
  /** Most weight of the items of a run; a single item may have more. */
  readonly mostWeight: number
  /** Default: each weighs 1. */
  readonly weightOf?: (item: Item) => number
  /** True for a failure that would meet everybody: those who wait fail with it, too. */
  readonly isGeneral: (error: unknown) => boolean
}

interface Waiting<Item, Result> {
  readonly item: Item
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/**
 * Returns a function that does the work of one item, together with others if it has to wait. If a run of
 * several fails, each is run alone: one that cannot be done takes no other one with it.
 */
export function createCombiner<Item, Result>({
  run,
  atOnce,
  mostWeight,
  weightOf = () => 1,
  isGeneral,
}: CombinerDeps<Item, Result>): (item: Item) => Promise<Result> {
  const waiting: Waiting<Item, Result>[] = []
  let running = 0

  function takeSome(): readonly Waiting<Item, Result>[] {
    let weight = 0
    const beyond = waiting.findIndex(({ item }, index) => {
      weight += weightOf(item)
      return index > 0 && weight > mostWeight
    })
    return waiting.splice(0, beyond < 0 ? waiting.length : beyond)
  }

  async function work(): Promise<void> {
    running += 1
    while (waiting.length > 0) await runTogether(takeSome())
    running -= 1
  }

  async function runTogether(some: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await run(some.map(({ item }) => item))
      for (const [index, { resolve }] of some.entries()) resolve(results[index] as Result)
    } catch (error) {
      if (isGeneral(error)) {
        fail([...some, ...waiting.splice(0)], error)
      } else if (some.length === 1) {
        fail(some, error)
      } else {
        for (const one of some) await runTogether([one])
      }
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (running < atOnce) void work()
    })
}

function fail<Item, Result>(some: readonly Waiting<Item, Result>[], error: unknown): void {
  for (const { reject } of some) reject(error)
}
