/**
 * Whether every handler that the configuration names exists and is of the kind that its place needs.
 * `nginx -t` does not look: a missing one shows only when a request comes, a bundle without a default
 * export breaks every location at once, and a js_access handler that never decides lets all through.
 */

import { didYouMean } from './did-you-mean.ts'
import { type Imports, loadImports } from './js-imports.ts'
import type { Directive } from './nginx-parser.ts'
import type { Problem } from './problem.ts'
import { allNamed, walk } from './walk.ts'

interface Wiring {
  readonly problems: readonly Problem[]
  /** How many handlers the configuration names. */
  readonly handlers: number
  /** Paths of the bundles that the http block imports. */
  readonly bundles: readonly string[]
}

/** Directives that name a handler, and which of their arguments does. */
const HANDLER_ARGUMENT: Readonly<Record<string, number>> = {
  js_access: 0,
  js_body_filter: 0,
  js_content: 0,
  js_filter: 0,
  js_header_filter: 0,
  js_periodic: 0,
  js_preread: 0,
  js_set: 1,
}

/** What guard() of njs/src/nginx/guard.ts calls the handlers that it makes. */
const GUARD = 'guarded'

/**
 * Returns what does not fit together.
 * @param folder what a js_path that is not absolute is relative to
 */
export async function checkWiring(
  directives: readonly Directive[],
  folder: string,
): Promise<Wiring> {
  const problems: Problem[] = []
  const bundles: string[] = []
  const handlers = new Set<string>()
  // http and stream import bundles of their own; neither sees those of the other.
  for (const context of directives.filter(({ name }) => name === 'http' || name === 'stream')) {
    const imports = await loadImports(context, folder)
    const named = namedHandlers(context)
    problems.push(
      ...imports.problems,
      ...engineProblems(context, named.length > 0),
      ...named.flatMap(({ at, handler }) => handlerProblems(at, handler, imports)),
    )
    if (context.name === 'http') bundles.push(...imports.paths)
    for (const { handler } of named) handlers.add(handler)
  }
  return { problems, handlers: handlers.size, bundles }
}

function namedHandlers(context: Directive) {
  return [...walk([context])].flatMap(({ directive: at }) => {
    const argument = HANDLER_ARGUMENT[at.name]
    return argument === undefined ? [] : [{ at, handler: at.args[argument] ?? '' }]
  })
}

/** The bundles are made for QuickJS; nginx's default is the older engine. */
function engineProblems(context: Directive, isNeeded: boolean): readonly Problem[] {
  const engines = allNamed([context], 'js_engine')
  const other = engines.filter(({ args }) => args[0] !== 'qjs')
  const missing = isNeeded && engines.length === 0 ? [context] : []
  return [...other, ...missing].map((at) => problemAt(at, 'the scripts need js_engine qjs'))
}

function handlerProblems(
  at: Directive,
  name: string,
  { handlers, modules }: Imports,
): readonly Problem[] {
  const own = handlers.get(name)
  if (own === undefined) {
    // Of a bundle that cannot be had nothing else needs to be said.
    const isTold = modules.get(name.split('.', 1)[0] ?? '') === false
    const message = `there is no handler ${name}${didYouMean(name, handlers.keys())}`
    return isTold ? [] : [problemAt(at, message)]
  }
  if (at.name !== 'js_access' || own === GUARD) return []
  return [
    problemAt(at, `${name} does not decide who may pass, so js_access would let everybody in`),
  ]
}

function problemAt({ file, line }: Directive, message: string): Problem {
  return { file, line, message }
}
