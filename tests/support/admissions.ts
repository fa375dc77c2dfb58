/** Chats of one person over some time, and how many of them were admitted within any window. */

import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from './client.ts'
import { chat } from './gate-people.ts'

/** Milliseconds of one clock; it was admitted at some time between the two. */
interface Admission {
  readonly sent: number
  readonly answered: number
}

export class Admissions {
  readonly #client: Client
  readonly #admitted: Admission[] = []

  constructor(client: Client) {
    this.#client = client
  }

  get count(): number {
    return this.#admitted.length
  }

  /** Sends a chat and returns whether it was admitted. @throws if it was neither that nor over the limit */
  async try(): Promise<boolean> {
    const sent = performance.now()
    const { status, text } = await chat(this.#client)
    const answered = performance.now()
    if (status === 429) return false
    if (status !== 200) throw new Error(`a chat answered ${status}: ${text}`)
    this.#admitted.push({ sent, answered })
    return true
  }

  /** Sends so many chats at once and returns how many were admitted. */
  async crowd(size: number): Promise<number> {
    const results = await Promise.all(Array.from({ length: size }, () => this.try()))
    return results.filter((isAdmitted) => isAdmitted).length
  }

  /** Sends one chat after the other, with pauses, until so many have been admitted in all. */
  async until(count: number, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs
    while (this.count < count) {
      assert.ok(performance.now() < deadline, `${this.count} chats were admitted`)
      if (!(await this.try())) await delay(25)
    }
  }

  /** Asserts that no window can have held more than the quota. */
  assertWithin(quota: number, windowMs: number): void {
    const times = [...this.#admitted].sort((one, other) => one.answered - other.answered)
    for (const [index, { answered }] of times.entries()) {
      const within = times.slice(0, index + 1).filter(({ sent }) => answered - sent < windowMs)
      assert.ok(within.length <= quota, `${within.length} chats within ${windowMs} ms`)
    }
  }
}
