/** Stalls nginx's process as a crowd does; runs inside nginx, for pace.test.ts. */

import { Pace } from '../../njs/src/nginx/pace.ts'

const STALL_MS = 200
const MORE_TICKS_MS = 50

function stall(): void {
  const until = Date.now() + STALL_MS
  while (Date.now() < until);
}

/** Answers whether a stall was seen while it went on, and when the process had come round again. */
async function watched(r: NginxHTTPRequest): Promise<void> {
  const pace = new Pace()
  await new Promise((resolve) => setTimeout(resolve, MORE_TICKS_MS, undefined))
  stall()
  const atOnce = pace.isSlow
  await new Promise((resolve) => setTimeout(resolve, MORE_TICKS_MS, undefined))
  const later = pace.isSlow
  pace.end()
  r.return(200, JSON.stringify({ atOnce, later }))
}

export default { watched }
