/**
 * Whether every location that leads to the worker, and everything below /api/, /admin/ and /v1/, asks
 * the gate first; and whether nothing in a guarded location answers before the gate is asked, or asks
 * it with other settings than the location's.
 */

import { isLedTo, leadsTo } from './internal-targets.ts'
import type { Directive } from './nginx-parser.ts'
import { httpServers, type Location, ownDirectives } from './nginx-servers.ts'
import type { Problem } from './problem.ts'
import type { Definition } from './variable-definitions.ts'
import { childrenNamed } from './walk.ts'
import { workerTest } from './worker-locations.ts'

/** What is below these is nobody's business without the gate's word. */
const GUARDED = ['/api', '/admin', '/v1']

export interface GuardReport {
  readonly problems: readonly Problem[]
  readonly guarded: number
}

/** Returns what stands open, and how many locations are guarded. */
export function checkGuards(
  directives: readonly Directive[],
  definitions: readonly Definition[],
): GuardReport {
  const led = leadsTo(directives)
  const isWorker = workerTest(directives, definitions)
  const servers = httpServers(directives).filter(({ isPrivate }) => !isPrivate)
  const locations = servers.flatMap((server) => server.locations)
  const guarded = locations.filter(isGuarded)
  const open = locations.filter(
    (location) =>
      !isGuarded(location) &&
      !hasAddressRule(location) &&
      (isWorker(location) || (isBelowGuarded(location) && !refusesAll(location))) &&
      (!isInternal(location) || isLedTo(location, led)),
  )
  return {
    problems: [
      ...open.map((location) => problemAt(location.directive, openMessage(location))),
      ...guarded.flatMap((location) => [
        ...earlyAnswers(location),
        ...satisfyAny(location),
        ...limitExcept(location),
      ]),
    ],
    guarded: guarded.length,
  }
}

/** Nested locations inherit js_access; one that stands in an `if` guards only sometimes. */
function isGuarded({ directive, parents }: Location): boolean {
  return [...parents, directive].some((block) => childrenNamed(block, 'js_access').length > 0)
}

function isInternal({ directive, kind }: Location): boolean {
  return kind === '@' || childrenNamed(directive, 'internal').length > 0
}

function isBelowGuarded({ kind, path }: Location): boolean {
  const start = kind === '~' || kind === '~*' ? path.replace(/^\^/, '') : path
  // `location = /admin` is a page; `location /admin` without `=` covers /admin/ too.
  return GUARDED.some(
    (folder) => start.startsWith(`${folder}/`) || (start === folder && kind !== '='),
  )
}

/** The innermost block with address rules counts; one that ends with `deny all` is not for everybody. */
function hasAddressRule({ directive, parents }: Location): boolean {
  const rules = [...parents, directive]
    .map(({ block = [] }) => block.filter(({ name }) => name === 'allow' || name === 'deny'))
    .findLast((found) => found.length > 0)
  return rules?.some(({ name, args }) => name === 'deny' && args[0] === 'all') === true
}

function refusesAll({ directive }: Location): boolean {
  return childrenNamed(directive, 'return').some(isRefusal)
}

function isRefusal({ args: [code = ''] }: Directive): boolean {
  return Number(code) >= 400
}

function openMessage({ title }: Location): string {
  return `${title} has no js_access of its own: everybody may pass`
}

/** nginx runs `return` before js_access. A refusal under a condition lets nobody in. */
function earlyAnswers({ directive, title }: Location): readonly Problem[] {
  const unconditional = childrenNamed(directive, 'return')
  return [...ownDirectives(directive)]
    .filter((found) => found.name === 'return')
    .filter((found) => unconditional.includes(found) || !isRefusal(found))
    .map((found) => problemAt(found, `return answers before js_access of ${title} is asked`))
}

/** With `satisfy any` an address rule or a password would do instead of the gate. */
function satisfyAny({ directive, parents, title }: Location): readonly Problem[] {
  return [...parents, directive]
    .flatMap((block) => childrenNamed(block, 'satisfy'))
    .filter(({ args }) => args[0] === 'any')
    .map((found) => problemAt(found, `satisfy any lets requests past js_access of ${title}`))
}

/** nginx leaves out the location's `set` lines for the methods that it is about, and so the limits. */
function limitExcept({ directive, title }: Location): readonly Problem[] {
  return childrenNamed(directive, 'limit_except').map((found) =>
    problemAt(found, `limit_except takes the $gate_… settings of ${title} away from some methods`),
  )
}

function problemAt({ file, line }: Directive, message: string): Problem {
  return { file, line, message }
}
