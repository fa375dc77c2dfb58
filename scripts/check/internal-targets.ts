/** Which addresses the configuration itself leads a request to, past the location it came for. */

import type { Directive } from './nginx-parser.ts'
import { walk } from './walk.ts'

export interface Target {
  /** Address or `@name`, up to its first variable. */
  readonly start: string
  /** Whether a variable goes on from there. */
  readonly isOpen: boolean
}

/**
 * Returns where a request of anybody may be led. Locations that only the gate's own code asks for are
 * not among them.
 */
export function leadsTo(directives: readonly Directive[]): readonly Target[] {
  return [...walk(directives)].flatMap(({ directive, parents }) => {
    const { name, args } = directive
    // These come before js_access, or because of what it answered.
    if (name === 'rewrite') return staysOrLeaves(args) ? [] : [target(args[1])]
    if (name === 'error_page') return [target(args.at(-1))]
    // Subrequests are not asked by js_access at all.
    if (name === 'mirror' || name === 'auth_request') return [target(args[0])]
    // Comes after it.
    const isGuarded = parents.some(({ block }) => block?.some((near) => near.name === 'js_access'))
    return name === 'try_files' && !isGuarded ? [target(args.at(-1))] : []
  })
}

/** Whether one of the targets may be a location. */
export function isLedTo(
  { kind, path }: { readonly kind: string; readonly path: string },
  targets: readonly Target[],
): boolean {
  const names = targets.filter(({ start }) => start.startsWith('@'))
  if (kind === '@') return names.some(({ start }) => start === `@${path}`)
  return targets.some(({ start, isOpen }) => {
    if (!/^(\/|$)/.test(start) || (start === '' && !isOpen)) return false
    if (kind === '~' || kind === '~*') return isOpen || matches(start, path)
    if (isOpen && path.startsWith(start)) return true
    return kind === '=' ? start === path : start.startsWith(path)
  })
}

/** nginx's expressions are PCRE; one that JavaScript does not know is taken to match. */
function matches(address: string, expression: string): boolean {
  try {
    return new RegExp(expression, 'i').test(address)
  } catch {
    return true
  }
}

function staysOrLeaves([, replacement = '', flag = '']: readonly string[]): boolean {
  return /^https?:/.test(replacement) || ['break', 'redirect', 'permanent'].includes(flag)
}

function target(address = ''): Target {
  const [path = ''] = address.split('?', 1)
  const [start = ''] = path.split('$', 1)
  return { start, isOpen: start !== path }
}
