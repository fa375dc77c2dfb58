/** h2load, from the same private root: many HTTP/2 streams on few TLS connections. */

import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { PrivateRoot } from '../../scripts/root/private-root.ts'
import type { Load } from './load.ts'

const run = promisify(execFile)

export interface Crowd {
  readonly port: number
  /** Only its first request is sent, over and over. */
  readonly load: Load
  /** The address that the requests claim to come from. */
  readonly address: string
  readonly connections: number
  /** Streams at once on each connection. */
  readonly streams: number
  readonly seconds: number
}

export interface CrowdResult {
  readonly done: number
  /** Requests that got no answer at all. */
  readonly broken: number
  /** Answers by class of status. */
  readonly classes: Readonly<Record<'2xx' | '3xx' | '4xx' | '5xx', number>>
}

/**
 * Lets the crowd ask for its time.
 * @param scratch file that takes the body of the requests
 */
export async function runH2load(
  root: PrivateRoot,
  crowd: Crowd,
  scratch: string,
): Promise<CrowdResult> {
  const { load, connections, streams, seconds, port, address } = crowd
  const [headers = {}] = load.headers
  const own = Object.entries({ ...headers, 'X-Forwarded-For': address })
  const lines = own.filter(([name]) => name !== 'Content-Length').map((pair) => pair.join(': '))
  if (load.body !== undefined) await writeFile(scratch, load.body)
  const { file, args } = root.command('usr/bin/h2load', [
    ...['-t', '1', '-c', String(connections), '-m', String(streams), '-D', String(seconds)],
    ...lines.flatMap((line) => ['-H', line]),
    ...(load.body === undefined ? [] : ['-d', scratch]),
    `https://127.0.0.1:${port}${load.path}`,
  ])
  const { stdout } = await run(file, [...args])
  const number = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1] ?? Number.NaN)
  return {
    done: number(/ (\d+) done/),
    broken: number(/ (\d+) errored/) + number(/ (\d+) timeout/),
    classes: {
      '2xx': number(/ (\d+) 2xx/),
      '3xx': number(/ (\d+) 3xx/),
      '4xx': number(/ (\d+) 4xx/),
      '5xx': number(/ (\d+) 5xx/),
    },
  }
}
