/** The http servers of a configuration and their locations, nested ones too. */

import type { Directive } from './nginx-parser.ts'
import { childrenNamed } from './walk.ts'

export interface HttpServer {
  readonly directive: Directive
  /** Whether only this machine reaches it: loopback addresses and unix sockets. */
  readonly isPrivate: boolean
  readonly locations: readonly Location[]
}

export interface Location {
  readonly directive: Directive
  /** The blocks around it from the server inwards. */
  readonly parents: readonly Directive[]
  /** `=`, `^~`, `~`, `~*`, `@` for a named one, or empty for a prefix. */
  readonly kind: string
  /** Prefix, address, name or regular expression. */
  readonly path: string
  /** As in the configuration, for messages. */
  readonly title: string
}

/** Returns the servers of the http block. */
export function httpServers(directives: readonly Directive[]): readonly HttpServer[] {
  return directives
    .filter(({ name }) => name === 'http')
    .flatMap((http) => childrenNamed(http, 'server'))
    .map((directive) => ({
      directive,
      isPrivate: isPrivate(directive),
      locations: locationsIn(directive, [directive]),
    }))
}

function locationsIn(block: Directive, parents: readonly Directive[]): readonly Location[] {
  return childrenNamed(block, 'location').flatMap((directive) => [
    describe(directive, parents),
    ...locationsIn(directive, [...parents, directive]),
  ])
}

/** nginx takes `location =/x` and `location = /x` alike. */
function describe(directive: Directive, parents: readonly Directive[]): Location {
  const title = `location ${directive.args.join(' ')}`
  const [, kind = '', path = ''] = /^(=|\^~|~\*|~|@)?(.*)$/s.exec(directive.args.join('')) ?? []
  return { directive, parents, kind, path, title }
}

function isPrivate(server: Directive): boolean {
  const listens = childrenNamed(server, 'listen').map(({ args: [address = ''] }) => address)
  return (
    listens.length > 0 &&
    listens.every((address) => /^(unix:|127\.|\[::1\]|localhost\b)/.test(address))
  )
}

/** Yields what stands in a location itself and in its `if` blocks, but not in locations inside it. */
export function* ownDirectives({ block = [] }: Directive): Generator<Directive> {
  for (const directive of block) {
    if (directive.name === 'location') continue
    yield directive
    yield* ownDirectives(directive)
  }
}
