/** A server in the worker's place that writes down what nginx sends it. */

import { readFileSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { partOf, signalPart } from './processes.ts'

/** Longer than nginx takes to exchange its processes, ms. */
const RELOAD_MS = 15_000

export interface RecordedRequest {
  readonly method: string
  readonly path: string
  /** Names in lower case; every value that was sent. */
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly body: string
}

/** Returns what nginx sends to the worker while `run` runs; everything is answered with 204. */
export async function recordingWorker(
  plan: Plan,
  run: () => Promise<void>,
): Promise<readonly RecordedRequest[]> {
  const recorded: RecordedRequest[] = []
  const server = createServer(async (request, response) => {
    const body = (await request.setEncoding('utf8').toArray()).join('')
    const { method = '', url: path = '', headersDistinct } = request
    const headers = Object.entries(headersDistinct).map(([name, values]) => [name, values ?? []])
    recorded.push({ method, path, headers: Object.fromEntries(headers), body })
    response.writeHead(204).end()
  })
  const socket = plan.layout.sockets.worker
  await rename(socket, `${socket}.aside`)
  try {
    await new Promise<void>((resolve) => server.listen(socket, resolve))
    await exchangeProcesses(plan)
    await run()
  } finally {
    server.closeAllConnections()
    server.close()
    await rm(socket, { force: true })
    await rename(`${socket}.aside`, socket)
    await exchangeProcesses(plan)
  }
  return recorded
}

/** New processes of nginx have no connections to the old server, and old ones take no requests. */
async function exchangeProcesses(plan: Plan): Promise<void> {
  const { pid } = partOf(plan, 'nginx')
  const old = childrenOf(pid)
  signalPart(plan, 'nginx', 'SIGHUP')
  await waitFor(async () => {
    const busy = childrenOf(pid).filter((child) => old.includes(child) && !isShuttingDown(child))
    if (busy.length > 0) throw new Error(`processes ${busy} of nginx go on`)
  }, RELOAD_MS)
}

function childrenOf(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.split(' ').filter((child) => child !== '')
}

/** nginx says so in its title. */
function isShuttingDown(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('shutting down')
  } catch {
    return true
  }
}
