/** One request outside the measurement, to see what is answered. */

import { request } from 'node:http'
import type { Load } from './load.ts'

export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Returns the answer to the load's first request, on a connection of its own. */
export function ask(port: number, load: Load): Promise<Answer> {
  const [headers = {}] = load.headers
  const { path, method, body } = load
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method, headers: { ...headers }, agent: false }
    const sent = request(options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.once('error', reject)
      response.once('end', () => {
        const pairs = Object.entries(response.headers).map(([name, value]) => [name, String(value)])
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(pairs),
          body: text,
        })
      })
    })
    sent.once('error', reject)
    sent.end(body)
  })
}
