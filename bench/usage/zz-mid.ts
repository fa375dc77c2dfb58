import { inFrame, say } from '../support/benchmark.ts'
import { targetTable } from '../support/target.ts'
import { runChat } from './chat.ts'
import { runReads } from './reads.ts'
import { startWorld } from './world.ts'

const options = {
  rounds: 2,
  seconds: 2,
  scenarios: [],
  out: undefined,
  whole: false,
  rows: 2_000_000,
}
await inFrame(async (frame) => {
  const world = await startWorld(frame, options, say)
  const bench = { world, options, say }
  const a = [await runReads(bench), await runChat(bench)]
  say(targetTable(a))
})
