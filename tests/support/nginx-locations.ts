/** Which location of the public server an address leads to, as nginx chooses it. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Directive } from '../../scripts/check/nginx-parser.ts'
import { parseNginx } from '../../scripts/check/nginx-parser.ts'
import { childrenNamed } from '../../scripts/check/walk.ts'
import { CHECKOUT } from '../../scripts/stack/layout.ts'

export interface PublicLocation {
  readonly title: string
  /** Handler of js_access, without `gate.`; undefined for an unguarded one. */
  readonly guard: string | undefined
  /** What `set $gate_…` says there, by name without the `$`. */
  readonly settings: Readonly<Record<string, string>>
  readonly isForWorker: boolean
}

/** Returns what chooses the location of a request. */
export function publicLocations(): (method: string, path: string) => PublicLocation {
  const file = join(CHECKOUT, 'nginx/servers/gateway.conf')
  const [server] = parseNginx(readFileSync(file, 'utf8'), file)
  const locations = childrenNamed(server as Directive, 'location')
  return (method, path) => {
    const found = choose(locations, path)
    const target = rewrittenTo(found, method)
    return target === undefined ? described(found) : described(choose(locations, target))
  }
}

/** An exact one first, then the first regular expression, then the longest prefix. */
function choose(locations: readonly Directive[], path: string): Directive {
  const exact = locations.find(({ args }) => args[0] === '=' && args[1] === path)
  const pattern = locations.find(
    ({ args: [kind, text = ''] }) => kind === '~' && new RegExp(text).test(path),
  )
  const prefixes = locations
    .filter(({ args: [prefix = '', more] }) => more === undefined && path.startsWith(prefix))
    .sort((a, b) => String(b.args[0]).length - String(a.args[0]).length)
  const found = exact ?? pattern ?? prefixes[0]
  if (found === undefined) throw new Error(`no location for ${path}`)
  return found
}

/** `if ($request_method = POST) { rewrite ^ /elsewhere last; }` */
function rewrittenTo(location: Directive, method: string): string | undefined {
  return childrenNamed(location, 'if')
    .filter(({ args }) => args.join(' ') === `($request_method = ${method})`)
    .flatMap((block) => childrenNamed(block, 'rewrite'))[0]?.args[1]
}

function described(location: Directive): PublicLocation {
  return {
    title: `location ${location.args.join(' ')}`,
    guard: childrenNamed(location, 'js_access')[0]?.args[0]?.replace('gate.', ''),
    settings: Object.fromEntries(
      childrenNamed(location, 'set').map(({ args: [name = '', value = ''] }) => [
        name.slice(1),
        value,
      ]),
    ),
    isForWorker: childrenNamed(location, 'proxy_pass').some(({ args }) =>
      /^http:\/\/worker\b/.test(args[0] ?? ''),
    ),
  }
}
