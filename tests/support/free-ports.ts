/** Ports for a stack of a test's own. */

import { createServer } from 'node:net'

/**
 * Each process has a lane of ports to itself, as far as processes that run at the same time go, below
 * those that Linux gives to outgoing connections: a port that is free now must not be taken before the
 * stack listens on it.
 */
const FIRST = 10_000
const LANES = 110
const LANE = 200

let tried = 0

/**
 * Returns `count` ports that are free, all different; one is given again only when the lane is through.
 * @throws if the lane has no more
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const start = FIRST + (process.pid % LANES) * LANE
  const ports: number[] = []
  for (let tries = 0; ports.length < count; tries++) {
    if (tries === LANE) throw new Error(`no ${count} free ports from ${start} on`)
    const port = start + (tried++ % LANE)
    if (await isFree(port)) ports.push(port)
  }
  return ports
}

/** Whether nobody listens on the port, at any address. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, () => server.close(() => resolve(true)))
  })
}
