/** Two workers behind one nginx, stopped one after the other under live chats: nothing is cut silently. */

import assert from 'node:assert/strict'
import type { Plan } from '../../scripts/stack/plan.ts'
import { waitFor } from '../../scripts/stack/readiness.ts'
import { assertRollups, checkedBill, openCalls } from '../support/books.ts'
import { wholeChat } from '../support/chat.ts'
import type { StreamEvent } from '../support/chat-stream.ts'
import { allBegun, CROWDED, followAll, makePeople } from '../support/crowd.ts'
import { makePatient } from '../support/patient-gate.ts'
import { signalPart, successorOf } from '../support/processes.ts'
import { scriptAnswer } from '../support/scripted-answer.ts'
import type { SecondWorker } from '../support/second-worker.ts'
import { chooseSeed, drawFrom } from '../support/seed.ts'
import { useStack } from '../support/test-stack.ts'
import { readiness, startWorkerCopy } from '../support/worker-copy.ts'

const GRACE_MS = 3000
const { stackTest } = useStack({ ...CROWDED, WORKER_GRACE: `${GRACE_MS}ms` })

const CHATS = 100
/** Between two tokens, ms. */
const DELAY = 50
const READY_MS = 20_000
const TRY_AGAIN = /answered 503: .*"code":"(?:shutting_down|worker_unavailable)"/

function endOf(last: StreamEvent | 'cut'): string {
  if (last === 'cut') return 'cut'
  return last.event === 'error' ? String(last.data['code']) : `${last.event}`
}

stackTest(
  'two workers rolled under 100 live chats: each is finished, or marked',
  async ({ plan }) => {
    await makePatient(plan)
    const copy = await startWorkerCopy(plan)
    try {
      await roll(plan, copy)
    } finally {
      await copy.end('SIGKILL')
    }
  },
  {
    provokes:
      /connect\(\) to unix:\S+\/worker(?:-copy)?\.sock failed \((?:2|111): |recv\(\) failed|prematurely closed/,
  },
)

async function roll(plan: Plan, copy: SecondWorker): Promise<void> {
  const draw = drawFrom(chooseSeed())
  const people = await makePeople(plan, 5)
  // From half a second to half a minute: some end by themselves, the others have to be interrupted.
  const answers = Array.from({ length: CHATS }, () =>
    scriptAnswer({
      tokens: draw.integer(10, 600),
      reasoning: draw.integer(0, 1) * draw.integer(1, 40),
      delayMs: DELAY,
    }),
  )
  const chats = await followAll(people, answers)
  await allBegun(chats)

  const newcomers = keepAsking(people[0])
  try {
    await stopBoth(plan, copy)
  } finally {
    await newcomers.leave()
  }
  const ends = new Set<string>()
  for (const chat of chats) {
    const end = endOf(await chat.over)
    ends.add(end)
    const expected = end === 'done' ? 'done' : 'interrupted'
    const { row, message } = await checkedBill(plan, chat)
    assert.deepEqual([row.ending, message.state], [expected, expected], chat.id)
    const whole = chat.answer.contentText(Number.POSITIVE_INFINITY)
    if (end === 'done') assert.equal(message.content, whole)
  }
  assert.deepEqual([...ends].sort(), ['done', 'shutting_down'])
  // Whom a closing connection or the end of the grace time met is told to try again, and owes nothing.
  for (const reason of newcomers.refused) assert.match(reason, TRY_AGAIN)
  for (const end of newcomers.marked) assert.equal(end, 'shutting_down')
  assert.ok(newcomers.answered > newcomers.refused.length * 5, `${newcomers.refused}`)
  assert.deepEqual(await openCalls(plan), [], 'calls are still open')
  await assertRollups(plan)
}

/** The second is told to stop when the first has come back. */
async function stopBoth(plan: Plan, copy: SecondWorker): Promise<void> {
  const { worker: socket } = plan.layout.sockets
  const first = signalPart(plan, 'worker', 'SIGTERM')
  await waitFor(() => assert.rejects(readiness(plan, socket)), GRACE_MS)
  await successorOf(plan, 'worker', first)
  await waitFor(async () => assert.equal(await readiness(plan, socket), 200), READY_MS)
  await copy.end('SIGTERM')
}

/** Not faster: the stand-in remembers a thousand calls, those of the hundred chats among them. */
const NEWCOMER = 'standin: tokens=3 delay=20'

/** Asks one short question after the other, and tells in the end which were not answered. */
function keepAsking(client: Parameters<typeof wholeChat>[0] | undefined) {
  assert.ok(client !== undefined)
  const refused: string[] = []
  const marked: string[] = []
  let answered = 0
  let isOver = false
  async function ask(asker: Parameters<typeof wholeChat>[0]): Promise<void> {
    while (!isOver) {
      try {
        const { events } = await wholeChat(asker, NEWCOMER)
        const end = endOf(events.at(-1) ?? 'cut')
        if (end === 'done') answered += 1
        else marked.push(end)
      } catch (error) {
        refused.push(String(error))
      }
    }
  }
  const asking = ask(client)
  return {
    refused,
    /** How those ended that were begun and not finished. */
    marked,
    get answered() {
      return answered
    },
    async leave() {
      isOver = true
      await asking
    },
  }
}
