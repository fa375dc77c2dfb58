/** Tests of what holds without Redis, made once for each way in which Redis can be away. */

import assert from 'node:assert/strict'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import type { Answer } from './client.ts'
import { knownTo, timingOf } from './gate-people.ts'
import { editNginx, type NginxEdits } from './nginx-edit.ts'
import { plainHttp } from './plain-http.ts'
import type { StackTests } from './test-stack.ts'

/** A way for Redis to be away. */
export interface Outage {
  readonly name: string
  begin(): Promise<void> | void
  /** Resolves when Redis answers again. */
  end(): Promise<void> | void
}

/** Makes one test; the outage that it has begun is ended when it is over. */
export type OutageTest = (name: string, run: (plan: Plan, outage: Outage) => Promise<void>) => void

/** Settings of the stacks; the limits keep their defaults. */
export const OUTAGE_SETTINGS: Readonly<Record<string, string>> = { GATE_FLOOD: 'off' }

/** The longest that anybody waits for a Redis that does not answer, ms. */
const WORST_MS = 1000

/** What the gate tells of itself, and nginx of each question that fails until Redis counts as away. */
export const PROVOKES =
  /gate: (?:Redis|log records)|subrequest: "\/_redis"|gate: no decision|no memory in .* "gate_slots"|worker\.sock|\d: recv\(\) failed \(104: Connection reset by peer\)$/

const AWAY_MS = 5000
const RETURN_MS = 15_000

/**
 * Returns the maker of tests for one outage.
 * @param edits changes to nginx's configuration that all of them need
 */
export function outageTests(
  { stackTest }: StackTests,
  way: Outage,
  ...edits: readonly NginxEdits[]
): OutageTest {
  const outage = endedOnce(way)
  return (name, run) =>
    stackTest(
      `Redis ${outage.name}: ${name}`,
      async ({ plan }) => {
        await prepareNginx(plan, ...edits)
        try {
          await run(plan, outage)
        } finally {
          await outage.end()
          await returned(plan)
        }
      },
      { provokes: PROVOKES },
    )
}

const prepared = new WeakMap<Plan, Promise<void>>()

/**
 * Gives nginx two processes whatever the machine has, shares the connections out evenly between them,
 * and has the gate tell what it decided by; once for each stack.
 */
export function prepareNginx(plan: Plan, ...more: readonly NginxEdits[]): Promise<void> {
  const known = prepared.get(plan)
  if (known !== undefined) return known
  const done = editNginx(plan, TOLD, ...more)
  prepared.set(plan, done)
  return done
}

const TOLD: NginxEdits = {
  'rendered/process.conf': (text) => text.replace(/worker_processes .*;/, 'worker_processes 2;'),
  'rendered/listen-https.conf': (text) =>
    text.replace(/ ssl default_server;/g, ' ssl default_server reuseport;'),
  'rendered/tunables.conf': (text) =>
    text.replace('js_var $gate_server_timing "off"', 'js_var $gate_server_timing "on"'),
}

/** Gives Redis more time to answer, so that a test decides how long an answer is under way. */
export const PATIENT: NginxEdits = {
  'servers/gateway.conf': (text) =>
    text.replace(/proxy_read_timeout 600ms;/, 'proxy_read_timeout 9s;'),
  'rendered/tunables.conf': (text) =>
    text.replace('js_var $gate_deadline "1500ms"', 'js_var $gate_deadline "10s"'),
}

/** Resolves when the gate takes Redis for away, which it finds out without anybody's help. */
export async function away(plan: Plan): Promise<void> {
  await waitFor(async () => assert.equal(await isRedisUp(plan), false), AWAY_MS)
}

/** Resolves when the gate asks Redis again and people can sign in. */
export async function returned(plan: Plan): Promise<void> {
  await waitFor(async () => {
    assert.equal(await isRedisUp(plan), true)
    await knownTo(plan)
  }, RETURN_MS)
}

/**
 * Awaits an answer and asserts that the gate did not take longer than its time limits allow. What else
 * the machine has to do meanwhile is no part of that.
 */
export async function inTime(asked: Promise<Answer>): Promise<Answer> {
  const answer = await asked
  const { ms } = timingOf(answer)
  assert.ok(ms < WORST_MS, `the gate took ${ms} ms`)
  return answer
}

async function isRedisUp({ settings }: Plan): Promise<boolean> {
  const { text } = await plainHttp({ to: settings.metricsPort, path: '/metrics' })
  const [, up] = /^chatgate_gate_redis_up ([01])$/m.exec(text) ?? []
  assert.ok(up !== undefined, 'the metrics say nothing of Redis')
  return up === '1'
}

function endedOnce({ name, begin, end }: Outage): Outage {
  let isOn = false
  return {
    name,
    begin: async () => {
      isOn = true
      await begin()
    },
    end: async () => {
      if (isOn) await end()
      isOn = false
    },
  }
}
