/** Streams as the stand-in sends them, byte by byte, with what each byte completes. */

import { createStandin } from '../standin/server.ts'
import { chatBody } from '../standin/test-support.ts'

/** One event of a stream. */
export interface RecordedEvent {
  /** Bytes of the stream up to the end of its data, and to the end of the empty line behind it. */
  readonly dataEnd: number
  readonly end: number
  /** True for the end mark; then there is nothing else. */
  readonly isDone: boolean
  readonly reasoning: string
  readonly content: string
  /** Names and arguments of tool calls. */
  readonly tools: string
  readonly finish: string | undefined
  readonly usage: RecordedUsage | undefined
}

export interface RecordedUsage {
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly completionTokens: number
  readonly reasoningTokens: number
}

export interface RecordedStream {
  readonly name: string
  readonly bytes: Buffer
  readonly events: readonly RecordedEvent[]
}

interface Shape {
  /** What the stand-in is told to do. */
  readonly script: string
  readonly pace?: string
  readonly thinking?: boolean
  /** Other fields of the request. */
  readonly asks?: object
  /** What becomes of the recorded text. */
  readonly edit?: (text: string) => string
}

const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } } }

const SHAPES: Readonly<Record<string, Shape>> = {
  'plain prose': { script: 'text="Hello, friend!"' },
  'thinking, CJK and emoji, CR LF': {
    script: 'frame=crlf reasoning=1 text="你🙂界👍🏽"',
    thinking: true,
  },
  'a byte a piece': { script: 'frame=bytes text="Grüße"' },
  'no usage': { script: 'usage=none reasoning=1 text="也许 maybe"', thinking: true },
  'usage too early': { script: 'usage=early reasoning=1 text="早安"', thinking: true },
  'usage in a chunk of its own': { script: 'usage=extra text="then 🙂"' },
  'nothing but a thought, cut for its length': {
    script: 'finish=length reasoning=2 tokens=0',
    thinking: true,
  },
  'filtered, and empty': { script: 'finish=content_filter tokens=0' },
  'out of capacity': { script: 'finish=insufficient_system_resource text="sorry"' },
  'empty without a reason': { script: 'tokens=0' },
  'no end mark': {
    script: 'text="完"',
    edit: (text) => text.replace('data: [DONE]\n\n', ''),
  },
  'tools, and a word before them': {
    script: 'reasoning=1 tools=2 text="Wait"',
    thinking: true,
    asks: { tools: [{ type: 'function', function: { name: 'weather', parameters: PARAMETERS } }] },
  },
  'tools and no usage': {
    script: 'tools=1 usage=none',
    asks: { tools: [{ type: 'function', function: { name: 'weather', parameters: PARAMETERS } }] },
  },
  'keep-alives': { script: 'text="慢 slow"', pace: 'first=20 keepalive=0.005 delay=12' },
}

/** Asks a stand-in of its own for a stream of each shape. */
export async function recordStreams(): Promise<readonly RecordedStream[]> {
  const standin = createStandin()
  const port = await standin.listen(0)
  try {
    const url = `http://127.0.0.1:${port}/chat/completions`
    return await Promise.all(
      Object.entries(SHAPES).map(async ([name, shape]) => ({
        name,
        ...(await record(url, shape)),
      })),
    )
  } finally {
    await standin.close()
  }
}

async function record(
  url: string,
  { script, pace = 'delay=0', thinking = false, asks, edit }: Shape,
) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-test-recorder', 'content-type': 'application/json' },
    body: chatBody(`standin: ${pace} ${script}`, {
      stream: true,
      stream_options: { include_usage: true },
      thinking: { type: thinking ? 'enabled' : 'disabled' },
      ...asks,
    }),
  })
  const sent = await response.text()
  if (response.status !== 200) throw new Error(`${script}: ${sent}`)
  const text = edit?.(sent) ?? sent
  return { bytes: Buffer.from(text), events: eventsOf(text) }
}

/** Every event of the stand-in is one data line and an empty one; comments are lines too. */
function eventsOf(text: string): readonly RecordedEvent[] {
  const events: RecordedEvent[] = []
  for (const match of text.matchAll(/^data: (.*?)(\r?\n\r?\n)/gm)) {
    const [whole, data = '', lineEnds = ''] = match
    const end = Buffer.byteLength(text.slice(0, match.index + whole.length))
    events.push({ dataEnd: end - lineEnds.length, end, ...meaningOf(data) })
  }
  return events
}

function meaningOf(data: string): Omit<RecordedEvent, 'dataEnd' | 'end'> {
  const nothing = { reasoning: '', content: '', tools: '', finish: undefined, usage: undefined }
  if (data === '[DONE]') return { isDone: true, ...nothing }
  const { choices, usage } = JSON.parse(data)
  const [choice] = choices
  return {
    isDone: false,
    reasoning: choice?.delta.reasoning_content ?? '',
    content: choice?.delta.content ?? '',
    tools: toolText(choice?.delta.tool_calls ?? []),
    finish: choice?.finish_reason ?? undefined,
    usage: usage
      ? {
          promptTokens: usage.prompt_tokens,
          cachedTokens: usage.prompt_cache_hit_tokens,
          completionTokens: usage.completion_tokens,
          reasoningTokens: usage.completion_tokens_details?.reasoning_tokens ?? 0,
        }
      : undefined,
  }
}

function toolText(calls: readonly { function: { name?: string; arguments?: string } }[]): string {
  return calls.map((call) => `${call.function.name ?? ''}${call.function.arguments ?? ''}`).join('')
}
