/** Many requests that can be told from all others in proxy_logs, and what became of their records. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Agent, get, type IncomingMessage } from 'node:http'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { sqlRows } from './sql.ts'

const CONNECTIONS = 16
const TIMEOUT_MS = 15_000
/** Long enough for a worker that was started anew to take over, on a slow machine, ms. */
const STORED_MS = 30_000

export class LogLoad {
  /**
   * The User-Agent of all requests; as long as a record keeps it, and longer in JSON, so that records
   * are large.
   */
  readonly agent = `load ${randomBytes(8).toString('hex')} `.padEnd(256, '"')
  /** Request ids of the answers. */
  readonly ids: string[] = []
  readonly #plan: Plan

  constructor(plan: Plan) {
    this.#plan = plan
  }

  /** Sends requests without TLS, which nginx answers by itself: it redirects them. */
  async send(count: number, path = '/nothing'): Promise<void> {
    let left = count
    await this.#each(async (agent) => {
      while (left > 0) {
        left -= 1
        await this.#ask(agent, path)
      }
    })
  }

  /** Sends requests until `end` resolves; a connection that nginx closes meanwhile is made anew. */
  async sendUntil(end: Promise<unknown>, path = '/nothing'): Promise<void> {
    let isOver = false
    const over = end.finally(() => {
      isOver = true
    })
    await this.#each(async (agent) => {
      while (!isOver) {
        await this.#ask(agent, path).catch((error: NodeJS.ErrnoException) => {
          // No answer, so no id to look for; nginx may have made a record all the same.
          if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') throw error
        })
      }
    })
    await over
  }

  /** Resolves when so many more requests were answered. */
  async more(count: number): Promise<void> {
    const goal = this.ids.length + count
    await waitFor(
      async () => assert.ok(this.ids.length >= goal, `${this.ids.length} answers`),
      STORED_MS,
    )
  }

  /** Returns how many rows there are, and fails if a request has two. */
  async rows(): Promise<number> {
    const [row] = await sqlRows(
      this.#plan,
      `SELECT COUNT(*) AS count, COUNT(DISTINCT request_id) AS requests
      FROM proxy_logs WHERE user_agent = ?`,
      [this.agent],
    )
    assert.equal(row?.['count'], row?.['requests'], 'a request has two rows')
    return Number(row?.['count'])
  }

  /** Resolves when each answered request has its row; fails if one has two. */
  async stored(): Promise<void> {
    await waitFor(async () => {
      const rows = await sqlRows(
        this.#plan,
        'SELECT request_id FROM proxy_logs WHERE user_agent = ?',
        [this.agent],
      )
      const known = rows.map((row) => String(row['request_id']))
      const stored = new Set(known)
      assert.equal(known.length, stored.size, 'a request has two rows')
      const missing = this.ids.filter((id) => !stored.has(id))
      assert.equal(missing.length, 0, `${missing.length} of ${this.ids.length} have no row`)
    }, STORED_MS)
  }

  async #ask(agent: Agent, path: string): Promise<void> {
    const { headers } = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = get(
        {
          agent,
          host: '127.0.0.1',
          port: this.#plan.settings.httpPort,
          path,
          headers: { 'User-Agent': this.agent },
          timeout: TIMEOUT_MS,
        },
        (response) => {
          response.once('error', reject)
          response.once('end', () => resolve(response))
          response.resume()
        },
      )
      request.once('timeout', () => request.destroy(new Error(`no answer from ${path}`)))
      request.once('error', reject)
    })
    this.ids.push(String(headers['x-request-id']))
  }

  async #each(work: (agent: Agent) => Promise<void>): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
    try {
      await Promise.all(Array.from({ length: CONNECTIONS }, () => work(agent)))
    } finally {
      agent.destroy()
    }
  }
}
