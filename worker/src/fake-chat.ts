/** The chat routes over a model, a store and keys that a test plays. */

import { createAnswerFinder } from './answer-finder.ts'
import { createApp } from './app.ts'
import { DEFAULT_WINDOW } from './domain/conversation-context.ts'
import { chunk, fakeCall, fakePorts, fakeStore, fakeTurn } from './domain/generation-fakes.ts'
import { createGenerations } from './domain/generations.ts'
import type { PriceBook } from './domain/price.ts'
import { createRunningCalls } from './domain/running-calls.ts'
import type { UpstreamKey } from './domain/upstream-key.ts'
import type { Failure } from './failure.ts'
import { fakeDeps, gateHeaders } from './fake-deps.ts'
import type { Question } from './stores/turns.ts'

const KEY: UpstreamKey = {
  id: '5',
  alias: 'default',
  secret: 'sk-secret-key',
  baseUrl: 'https://llm.example',
  weight: 1,
  standin: false,
}
const BOOK: PriceBook = {
  rows: [],
  aliases: new Map([['deepseek-v4-flash', 'deepseek-flash']]),
  holidays: new Set(),
}
export const USAGE = { promptTokens: 9, cachedTokens: 4, completionTokens: 3, reasoningTokens: 0 }

/** Request id of every question. */
export const ID = 'a'.repeat(32)

export function fakeChat() {
  const upstream = fakeCall()
  const ports = fakePorts(upstream.call, fakeStore().store)
  const questions: Question[] = []
  const world: { keyFailure?: Failure; storeFailure?: Failure } = {}
  const base = fakeDeps()
  const { slots, slotMoves } = base
  const sleep = () => new Promise<void>(() => {})
  const running = createRunningCalls({ sleep, log: base.log })
  const generations = createGenerations({
    ...ports,
    ...{ slots, running, sleep },
    onStart: () => {},
    call: (_key, _turn, signal) => upstream.call(signal),
  })
  const app = createApp({
    ...base,
    keys: {
      ...base.keys,
      async pick() {
        if (world.keyFailure !== undefined) throw world.keyFailure
        return KEY
      },
    },
    prices: { book: async () => BOOK },
    models: {
      list: async () => [],
      has: async (id) => ['deepseek-flash', 'deepseek-v4-pro'].includes(id),
      defaultId: () => 'deepseek-flash',
      window: () => DEFAULT_WINDOW,
    },
    turns: {
      async begin(question) {
        if (world.storeFailure !== undefined) throw world.storeFailure
        questions.push(question)
        return fakeTurn({ id: question.requestId, uid: question.uid })
      },
    },
    generations,
    running,
    answers: createAnswerFinder({
      generations,
      stream: { has: async () => false, readAfter: async () => undefined },
      ended: { find: async () => undefined },
      news: () => new Promise(() => {}),
      redis: base.redis,
      now: base.now,
    }),
  })
  const ask = (body: unknown, uid = '2', headers: Record<string, string> = {}) => {
    const json = { 'Content-Type': 'application/json', 'X-Request-Id': ID }
    return app.request('/api/chat', {
      method: 'POST',
      headers: { ...gateHeaders(uid), ...json, ...headers },
      body: JSON.stringify(body),
    })
  }
  const answer = () => {
    upstream.give(chunk({ content: 'Hi', finishReason: 'stop', usage: USAGE }))
    upstream.give('end')
  }
  return { app, ask, answer, world, questions, upstream, slotMoves }
}
