/**
 * What stands for DeepSeek while speed is measured: it gives the stand-in's answers again as they
 * were taken down, at the pace that the question asks for. Making them anew for each question would
 * take processor time from whatever is measured, which the real DeepSeek does not.
 */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createStandin } from '../../tests/standin/server.ts'
import { type RecordedAnswer, recordAnswer } from './recorded-answer.ts'

export interface RecordedUpstream {
  /** Starts to listen on a loopback port and returns it; 0 chooses a free one. */
  listen(port: number): Promise<number>
  close(): Promise<void>
}

interface Question {
  readonly message: string
  readonly stream: boolean
}

const DELAY = /\bdelay=(\d+)/
const KEEP_ALIVE_MS = 120_000
const CHAT = /\/chat\/completions$/

export function createRecordedUpstream(): RecordedUpstream {
  const standin = createStandin()
  const answers = new Map<string, Promise<RecordedAnswer>>()
  let standinUrl = ''

  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    const work = CHAT.test(path) ? chat(request, response) : passOn(request, response, path)
    // Whoever asked is gone, or finds the connection closed: both end this exchange only.
    work.catch(() => response.destroy())
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS

  async function chat(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const question = readQuestion(await readAll(request))
    const answer = await answerTo(question)
    const delayMs = Number(DELAY.exec(question.message)?.[1] ?? 0)
    response.writeHead(200, answer.headers)
    if (delayMs === 0 || !question.stream) {
      response.write(answer.whole)
      response.end()
    } else {
      play(answer.pieces, delayMs, response)
    }
  }

  function answerTo(question: Question): Promise<RecordedAnswer> {
    const key = JSON.stringify(question)
    const known = answers.get(key) ?? recordAnswer(standinUrl, requestOf(question))
    answers.set(key, known)
    return known
  }

  /** The list of models, which is asked for now and then. */
  async function passOn(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): Promise<void> {
    const { authorization = '' } = request.headers
    const answer = await fetch(`${standinUrl}${path}`, { headers: { authorization } })
    const type = answer.headers.get('content-type') ?? ''
    response.writeHead(answer.status, { 'content-type': type })
    response.end(await answer.text())
  }

  return {
    async listen(port) {
      standinUrl = `http://127.0.0.1:${await standin.listen(0)}`
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      const address = server.address()
      return typeof address === 'object' && address !== null ? address.port : port
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
      await standin.close()
    },
  }
}

/** Everybody is answered alike, whatever else their requests say. */
function requestOf({ message, stream }: Question): object {
  return {
    model: 'deepseek-flash',
    messages: [{ role: 'user', content: message.replace(DELAY, 'delay=0') }],
    thinking: { type: 'disabled' },
    stream,
    ...(stream && { stream_options: { include_usage: true } }),
  }
}

function readQuestion(body: string): Question {
  const { messages, stream } = JSON.parse(body) as {
    messages: readonly { content: string }[]
    stream?: boolean
  }
  return { message: messages.at(-1)?.content ?? '', stream: stream === true }
}

/** Each piece has its own appointed time, so that a late one does not delay those behind it. */
function play(pieces: readonly Buffer[], delayMs: number, response: ServerResponse): void {
  const began = performance.now()
  let next = 0
  const turn = () => {
    if (response.destroyed) return
    const due = Math.min(pieces.length, Math.floor((performance.now() - began) / delayMs) + 1)
    while (next < due) {
      response.write(pieces[next])
      next += 1
    }
    if (next === pieces.length) response.end()
    else setTimeout(turn, next * delayMs - (performance.now() - began))
  }
  turn()
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
