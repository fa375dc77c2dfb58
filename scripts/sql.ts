/** npm run sql -- "SELECT …": runs a statement as the worker's account; one JSON object a line. */

import { createConnection } from 'mysql2/promise'
import { CHECKOUT } from './stack/layout.ts'
import { makePlan } from './stack/plan.ts'
import { loadDotEnv } from './stack/settings.ts'
import { reportFailure, StartFailure } from './stack/start-failure.ts'

const CONNECT_TIMEOUT_MS = 2000

async function sql(): Promise<void> {
  const statement = process.argv.slice(2).join(' ').trim()
  if (statement === '') throw new StartFailure('usage: npm run sql -- "SELECT …"')
  loadDotEnv(CHECKOUT)
  const { host, port, ...account } = (await makePlan(process.env)).worker.mysql
  const connection = await createConnection({
    ...account,
    ...(host.startsWith('/') ? { socketPath: host } : { host, port }),
    connectTimeout: CONNECT_TIMEOUT_MS,
    supportBigNumbers: true,
    bigNumberStrings: true,
    timezone: 'Z',
  }).catch((error: Error) => {
    throw new StartFailure(`MySQL cannot be reached: ${error.message}`)
  })
  try {
    const [result] = await connection.query(statement)
    for (const row of Array.isArray(result) ? result : [result]) console.log(JSON.stringify(row))
  } catch (error) {
    throw new StartFailure((error as Error).message)
  } finally {
    await connection.end()
  }
}

await sql().catch(reportFailure)
