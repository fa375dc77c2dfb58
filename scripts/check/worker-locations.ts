/** Which locations hand their requests to the worker, and whether they tell it who asks. */

import { GATE_HEADERS } from '#contract/headers.ts'
import type { Directive } from './nginx-parser.ts'
import { httpServers, type Location, ownDirectives } from './nginx-servers.ts'
import type { Problem } from './problem.ts'
import type { Definition } from './variable-definitions.ts'
import { byName, valuesOf } from './variable-values.ts'
import { allNamed, childrenNamed } from './walk.ts'

/** Returns whether a location hands requests to the worker: by its upstream or its very address. */
export function workerTest(
  directives: readonly Directive[],
  definitions: readonly Definition[],
): (location: Location) => boolean {
  const all = byName(definitions)
  const hosts = allNamed(directives, 'upstream')
    .filter(({ args }) => args[0] === 'worker')
    .flatMap((upstream) => childrenNamed(upstream, 'server'))
    .flatMap(({ args }) => args[0] ?? [])
    .concat('worker')
  const isWorkerUrl = (url: string) =>
    hosts.some(
      (host) => url.replace(/^https?:\/\//, '').match(/^(unix:[^:]*|[^/:]*(:\d+)?)/)?.[0] === host,
    )
  return ({ directive }) =>
    [...ownDirectives(directive)]
      .filter(({ name }) => name === 'proxy_pass')
      .flatMap((at) => valuesOf({ name: '', at, text: at.args[0] }, all))
      .some(({ text }) => isWorkerUrl(text))
}

/**
 * Returns the locations toward the worker in which a client's own X-Gate-* header would get through:
 * one proxy_set_header in a location makes nginx forget all of those around it.
 */
export function checkWorkerHeaders(
  directives: readonly Directive[],
  definitions: readonly Definition[],
): readonly Problem[] {
  const isWorker = workerTest(directives, definitions)
  const https = directives.filter(({ name }) => name === 'http')
  return httpServers(directives)
    .flatMap(({ locations }) => locations)
    .filter((location) => isWorker(location) && passesHeaders(location))
    .flatMap(({ directive, parents, title }) => {
      const set = effectiveHeaders([...https, ...parents, directive])
      const missing = Object.values(GATE_HEADERS).filter((name) => !set.has(name.toLowerCase()))
      if (missing.length === 0) return []
      const { file, line } = directive
      const what = `does not set ${missing.join(', ')}; include snippets/proxy-worker.conf`
      return [{ file, line, message: `${title} leads to the worker and ${what}` }]
    })
}

function passesHeaders({ directive }: Location): boolean {
  return !childrenNamed(directive, 'proxy_pass_request_headers').some(
    ({ args }) => args[0] === 'off',
  )
}

/** The innermost block that sets any header counts alone. */
function effectiveHeaders(blocks: readonly Directive[]): ReadonlySet<string> {
  const innermost = blocks
    .map((block) => childrenNamed(block, 'proxy_set_header'))
    .findLast((headers) => headers.length > 0)
  return new Set(innermost?.map(({ args }) => (args[0] ?? '').toLowerCase()))
}
