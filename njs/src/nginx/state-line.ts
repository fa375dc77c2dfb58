/** Log lines about changes of state, each told once. */

/**
 * nginx's level `crit`, for which njs has no name. The locations whose scripts speak to Redis time and
 * again log nothing below it (templates/quiet.conf), because there nginx itself would log every attempt.
 */
const CRIT = 3

/** Logs that something has begun or ended; not for what happens with every request. */
export function tellState(text: string): void {
  ngx.log(CRIT, `gate: ${text}`)
}
