/** Names that look like settings and are none: mostly slips of the pen, without any effect. */

import { didYouMean, nearestName } from './did-you-mean.ts'
import type { Problem } from './problem.ts'
import type { Given } from './setting-origin.ts'

/** Nobody else uses these; the other two are common in environments that serve several programs. */
const OURS = /^(?:GATE|CHATGATE)_/
const SHARED = /^(?:MYSQL|REDIS)_/

/**
 * Returns names that mean nothing. In .env everything with a prefix of ours is meant for us; in the
 * environment MYSQL_… and REDIS_… are only if they are nearly one of our names.
 * @param known all names of settings; each may have `_FILE` behind it
 */
export function unknownSettings(
  { source, inDotEnv, originOf }: Given,
  known: ReadonlySet<string>,
): readonly Problem[] {
  return Object.keys(source)
    .filter((name) => !known.has(name) && !known.has(name.replace(/_FILE$/, '')))
    .filter((name) => {
      if (OURS.test(name) || nearestName(name, known) !== undefined) return true
      return SHARED.test(name) && inDotEnv.includes(name)
    })
    .map((name) => ({
      ...originOf(name),
      message: `there is no setting ${name}${didYouMean(name, known)}`,
    }))
}
