/** Whether nginx and the worker let through requests of the same size. */

import { parseByteSize } from '#contract/byte-size.ts'
import type { Directive } from './nginx-parser.ts'
import { httpServers, type Location } from './nginx-servers.ts'
import type { Problem } from './problem.ts'
import type { Definition } from './variable-definitions.ts'
import { childrenNamed } from './walk.ts'
import { workerTest } from './worker-locations.ts'

/**
 * Returns the limits of nginx under which the worker's own never counts, or above which nginx takes a
 * body that the worker refuses.
 * @param bodyBytes WORKER_BODY_BYTES, in bytes
 */
export function checkBodySizes(
  directives: readonly Directive[],
  definitions: readonly Definition[],
  bodyBytes: number,
): readonly Problem[] {
  const isWorker = workerTest(directives, definitions)
  const https = directives.filter(({ name }) => name === 'http')
  const sizes = httpServers(directives)
    .flatMap(({ locations }) => locations)
    .filter((location) => isWorker(location) && passesBody(location))
    .flatMap((location) => sizeOf([...https, ...location.parents, location.directive]) ?? [])
  return [...new Set(sizes)].flatMap(({ file, line, args: [text = ''] }) => {
    // Zero takes bodies of any size.
    const size = /^0[km]?$/i.test(text) ? Number.POSITIVE_INFINITY : parseByteSize(text)
    if (size === undefined || size === bodyBytes) return []
    const message = `client_max_body_size is ${text}, but the worker takes ${bodyBytes} bytes; set WORKER_BODY_BYTES, which both follow`
    return [{ file, line, message }]
  })
}

function passesBody({ directive }: Location): boolean {
  return !childrenNamed(directive, 'proxy_pass_request_body').some(({ args }) => args[0] === 'off')
}

/** The innermost one counts. */
function sizeOf(blocks: readonly Directive[]): Directive | undefined {
  return blocks.flatMap((block) => childrenNamed(block, 'client_max_body_size')).at(-1)
}
