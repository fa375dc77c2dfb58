/** Tells Redis of the answers that run in this worker, a few times a second, all of them at once. */

import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { GENERATION_NEWS } from '#contract/redis-keys.ts'
import { ANSWER_START, type AnswerPosition } from './domain/answer.ts'
import type { Generation } from './domain/generation.ts'
import type { Kept } from './domain/settlement.ts'
import { createStateLog } from './state-log.ts'
import type { GenerationEntry, GenerationStream } from './stores/generation-stream.ts'

export interface GenerationRelay {
  /** Tells of a generation from now on, and forgets it in Redis when it is stored. */
  follow(generation: Generation): void
}

export interface GenerationRelayDeps {
  readonly stream: GenerationStream
  readonly redis: Redis
  readonly workerId: string
  readonly log: Logger
}

/** What a killed worker may lose of an answer is what came in this time, ms. */
export const TELL_EVERY_MS = 200

/** Bytes of each part in one entry. */
const MAX_TEXT = 256 * 1024

interface Told {
  readonly generation: Generation
  /** Where its result is, once it is somewhere; given up counts as aside. */
  kept: Kept | undefined
  /** True once it may be there. */
  isInRedis: boolean
  begun: boolean
  position: AnswerPosition
  /** JSON, to see whether it changed. */
  progress: string
  end: boolean
}

export function createGenerationRelay(deps: GenerationRelayDeps): GenerationRelay {
  const { stream, redis, workerId } = deps
  const running = new Set<Told>()
  const state = createStateLog(deps.log, 'redis for running answers')
  let timer: NodeJS.Timeout | undefined
  let isTelling = false

  // A Redis that was away may have lost its memory. Readers skip what they know.
  redis.on('ready', () => {
    for (const told of running) forgetTold(told)
  })

  async function tell(): Promise<void> {
    if (isTelling) return
    isTelling = true
    try {
      const news = [...running].flatMap((told) => {
        const entry = newsOf(told, workerId)
        return entry === undefined ? [] : [{ told, entry }]
      })
      if (news.length === 0) return
      for (const { told } of news) told.isInRedis = true
      const taken = await stream.tell(
        news.map(({ told: { generation }, entry }) => {
          const { uid, id } = generation.turn
          return { uid, id, entry }
        }),
      )
      news.forEach(({ told, entry }, n) => {
        if (taken[n] === 'taken') note(told, entry)
        if (taken[n] === 'gone') forgetTold(told)
        if (told.kept !== undefined && told.end) release(told)
      })
      if (!taken.includes('failed')) state.up()
      else state.down(new Error('running answers could not be told'))
      await redis.publish(GENERATION_NEWS, workerId).catch(() => undefined)
    } finally {
      isTelling = false
    }
  }

  function release(told: Told): void {
    running.delete(told)
    if (running.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  async function finish(told: Told): Promise<void> {
    told.kept = (await told.generation.settled) ?? 'aside'
    // Who brings it to MySQL forgets it in Redis. Until then others see its end there, once it is told.
    if (told.kept !== 'stored') return
    release(told)
    // A short answer is stored before anything was told of it.
    if (!told.isInRedis) return
    const { uid, id } = told.generation.turn
    await stream.drop(uid, id)
    await redis.publish(GENERATION_NEWS, workerId).catch(() => undefined)
  }

  return {
    follow(generation) {
      const told = forgetTold({
        generation,
        kept: undefined,
        isInRedis: false,
        begun: false,
        position: ANSWER_START,
        progress: '',
        end: false,
      })
      running.add(told)
      timer ??= setInterval(() => void tell(), TELL_EVERY_MS).unref()
      void finish(told)
    },
  }
}

function forgetTold(told: Told): Told {
  return Object.assign(told, { begun: false, position: ANSWER_START, progress: '', end: false })
}

/** Returns what is new since it was told last, or undefined. */
function newsOf(told: Told, workerId: string): GenerationEntry | undefined {
  const { generation, position } = told
  const { answer } = generation
  const reasoning = answer.reasoning.read(position.reasoning, MAX_TEXT)
  const content = answer.content.read(position.content, MAX_TEXT)
  const progress = generation.progress()
  const isWhole =
    position.reasoning + Buffer.byteLength(reasoning) === answer.reasoning.length &&
    position.content + Buffer.byteLength(content) === answer.content.length
  const end = isWhole ? generation.end() : undefined
  const entry: GenerationEntry = {
    ...(!told.begun && { begun: { start: generation.start, workerId } }),
    ...((reasoning !== '' || content !== '') && { text: { from: position, reasoning, content } }),
    ...(JSON.stringify(progress) !== told.progress && { progress }),
    ...(end !== undefined && !told.end && { end }),
  }
  return Object.keys(entry).length === 0 ? undefined : entry
}

function note(told: Told, { begun, text, progress, end }: GenerationEntry): void {
  if (begun !== undefined) told.begun = true
  if (text !== undefined) {
    told.position = {
      reasoning: text.from.reasoning + Buffer.byteLength(text.reasoning),
      content: text.from.content + Buffer.byteLength(text.content),
    }
  }
  if (progress !== undefined) told.progress = JSON.stringify(progress)
  if (end !== undefined) told.end = true
}
