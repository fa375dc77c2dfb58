/** Health check of the worker container: whether the process answers the gate. Exit code 0 or 1. */

import { GATE_HEADERS } from '#contract/headers.ts'
import { readWorkerEnv } from '../../worker/src/env.ts'
import { readText } from '../stack/settings.ts'
import { reportFailure, StartFailure } from '../stack/start-failure.ts'

const TIMEOUT_MS = 2000

async function checkHealth(): Promise<void> {
  const result = readWorkerEnv(process.env, readText)
  if ('problems' in result) throw new StartFailure(result.problems.join('\n'))
  const { listen, workerSecret } = result.env
  if ('path' in listen) throw new StartFailure('WORKER_LISTEN must be a host and port here.')
  const response = await fetch(`http://127.0.0.1:${listen.port}/healthz`, {
    headers: { [GATE_HEADERS.secret]: workerSecret },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (!response.ok) throw new StartFailure(`/healthz answered ${response.status}`)
}

await checkHealth().catch(reportFailure)
