/** Runs the stand-in as a process: STANDIN_PORT, STANDIN_HOST, STANDIN_CONCURRENCY. */

import { createStandin } from './server.ts'

const DEFAULT_PORT = '9146'
const DEFAULT_HOST = '127.0.0.1'

async function main(): Promise<void> {
  const host = process.env['STANDIN_HOST'] ?? DEFAULT_HOST
  const port = readNumber('STANDIN_PORT', 65_535) ?? Number(DEFAULT_PORT)
  const standin = createStandin({ concurrency: readNumber('STANDIN_CONCURRENCY', 1_000_000) })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void standin.close().then(() => process.exit(0)))
  }
  const listening = await standin.listen(port, host)
  process.stdout.write(`${JSON.stringify({ listening })}\n`)
}

function readNumber(name: string, max: number): number | undefined {
  const text = process.env[name]
  if (text === undefined || text === '') return undefined
  if (/^\d{1,7}$/.test(text) && Number(text) <= max) return Number(text)
  throw new Error(`${name} must be a whole number from 0 to ${max}, not ${text}`)
}

main().catch((error: unknown) => {
  const reason = error instanceof Error ? error.message : String(error)
  process.stderr.write(`stand-in: cannot start: ${reason}\n`)
  process.exit(1)
})
