/** Several variants, measured in turn: what disturbs the machine disturbs all of them. */

/** Samples by name of the variant, in the order of the rounds. */
export type SamplesOf<S> = Readonly<Record<string, readonly S[]>>

/**
 * Measures every variant once a round, in turn forwards and backwards, after a run that does not count.
 * @param warmUp that run
 * @param tell is told of each sample
 */
export async function takeTurns<V extends { readonly name: string }, S>(
  variants: readonly V[],
  rounds: number,
  warmUp: (variant: V) => Promise<unknown>,
  measure: (variant: V) => Promise<S>,
  tell: (round: number, name: string, sample: S) => void,
): Promise<SamplesOf<S>> {
  const samples = Object.fromEntries(variants.map(({ name }) => [name, [] as S[]]))
  for (const variant of variants) await warmUp(variant)
  for (let round = 1; round <= rounds; round++) {
    const order = round % 2 === 1 ? variants : variants.toReversed()
    for (const variant of order) {
      const sample = await measure(variant)
      samples[variant.name]?.push(sample)
      tell(round, variant.name, sample)
    }
  }
  return samples
}
