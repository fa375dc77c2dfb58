/** Going through the directives of a configuration. */

import type { Directive } from './nginx-parser.ts'

/** A directive and the blocks around it, outermost first. */
export interface Visit {
  readonly directive: Directive
  readonly parents: readonly Directive[]
}

/** Yields every directive, each before those in its block. */
export function* walk(
  directives: readonly Directive[],
  parents: readonly Directive[] = [],
): Generator<Visit> {
  for (const directive of directives) {
    yield { directive, parents }
    if (directive.block !== undefined) yield* walk(directive.block, [...parents, directive])
  }
}

/** Returns the directives of this name, wherever they stand. */
export function allNamed(directives: readonly Directive[], name: string): readonly Directive[] {
  return [...walk(directives)]
    .map((visit) => visit.directive)
    .filter((found) => found.name === name)
}

/** Returns the directives of this name in a block, those of blocks inside it left out. */
export function childrenNamed(
  { block = [] }: { readonly block?: readonly Directive[] | undefined },
  name: string,
): readonly Directive[] {
  return block.filter((directive) => directive.name === name)
}
