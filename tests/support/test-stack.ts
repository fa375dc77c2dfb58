/**
 * The stack that the tests of one run share. npm test starts it and hands its environment on; a test
 * file run by itself starts one of its own.
 */

import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { makePlan, type Plan } from '../../scripts/stack/plan.ts'
import { ROOMY, startOwnStack } from './own-stack.ts'

/** Name of the variable that holds the shared stack's environment as JSON. */
export const SHARED_STACK = 'CHATGATE_TEST_STACK'

/** nginx's severities from `error` on. */
const SEVERE = /\[(?:error|crit|alert|emerg)\]/
const LOG_TAIL_BYTES = 8192

export interface TestStack {
  readonly plan: Plan
}

interface Expectation {
  /** Lines of nginx's error log that this test provokes; any other [error] fails it. */
  readonly provokes?: RegExp
}

export interface StackTests {
  /** The stack; there from the first test on. */
  readonly stack: () => TestStack
  /**
   * A test against the stack. A failure carries what nginx and worker logged meanwhile, and a test
   * that made nginx log an error it did not mean to provoke fails.
   */
  readonly stackTest: (
    name: string,
    run: (stack: TestStack) => Promise<void>,
    expectation?: Expectation,
  ) => void
}

type Overrides = Readonly<Record<string, string>>

/**
 * Prepares a test file to run against a stack.
 * @param overrides settings for which the file needs a stack of its own, or what makes them first
 */
export function useStack(overrides?: Overrides | (() => Promise<Overrides>)): StackTests {
  let current: TestStack | undefined
  let stop: (() => Promise<void>) | undefined
  const stack = () => {
    if (current === undefined) throw new Error('the stack is there from the first test on')
    return current
  }
  before(async () => {
    const shared = overrides === undefined ? process.env[SHARED_STACK] : undefined
    if (shared !== undefined) {
      current = { plan: await makePlan(JSON.parse(shared)) }
      return
    }
    const settings = typeof overrides === 'function' ? await overrides() : overrides
    const own = await startOwnStack(settings ?? ROOMY)
    current = own
    stop = own.stop
  })
  after(() => stop?.())

  const stackTest: StackTests['stackTest'] = (name, run, expectation = {}) => {
    test(name, async () => {
      const marks = markLogs(stack().plan)
      try {
        await run(stack())
        assert.deepEqual(unexpectedErrors(stack().plan, marks, expectation.provokes), [])
      } catch (error) {
        if (error instanceof Error) error.message += logsSince(stack().plan, marks)
        throw error
      }
    })
  }
  return { stack, stackTest }
}

type Marks = Readonly<Record<string, number>>

function logFile(plan: Plan, name: string): string {
  return join(plan.layout.logs, `${name}.log`)
}

function markLogs(plan: Plan): Marks {
  return Object.fromEntries(
    ['nginx', 'worker'].map((name) => [
      name,
      statSync(logFile(plan, name), { throwIfNoEntry: false })?.size ?? 0,
    ]),
  )
}

function textSince(plan: Plan, name: string, mark: number): string {
  return readFileSync(logFile(plan, name)).subarray(mark).toString('utf8')
}

function unexpectedErrors(plan: Plan, marks: Marks, provoked: RegExp | undefined) {
  const lines = textSince(plan, 'nginx', marks['nginx'] ?? 0).split('\n')
  return lines.filter((line) => SEVERE.test(line) && provoked?.test(line) !== true)
}

function logsSince(plan: Plan, marks: Marks): string {
  return Object.entries(marks)
    .map(
      ([name, mark]) =>
        `\n--- ${name} log ---\n${textSince(plan, name, mark).slice(-LOG_TAIL_BYTES)}`,
    )
    .join('')
}
