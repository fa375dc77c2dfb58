/** Whether the ports of a run are free. */

import { createServer } from 'node:net'

/** Returns the ports among these that something else listens on, or that need more rights. */
export async function busyPorts(
  ports: Readonly<Record<string, number>>,
): Promise<readonly string[]> {
  const checks = Object.entries(ports).map(async ([name, port]) => {
    const code = await tryListen(port)
    if (code === undefined) return []
    const reason = code === 'EACCES' ? 'needs root rights' : 'is in use'
    return [`Port ${port} (${name}) ${reason}; choose another one.`]
  })
  return (await Promise.all(checks)).flat()
}

function tryListen(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'))
    server.listen(port, () => server.close(() => resolve(undefined)))
  })
}
