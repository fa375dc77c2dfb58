/** The questions of the benchmark, and the deltas of which their right answers consist. */

import { createParser } from 'eventsource-parser'

/** Returns a question that is answered with so many deltas, at that pace. */
export function questionFor(deltas: number, delayMs: number): string {
  return `standin: tokens=${deltas} delay=${delayMs}`
}

/** Returns the deltas of the answer, as the upstream on this port sends them. */
export async function deltasOf(port: number, deltas: number): Promise<readonly string[]> {
  const response = await fetch(`http://127.0.0.1:${port}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({
      messages: [{ role: 'user', content: questionFor(deltas, 0) }],
      stream: true,
    }),
  })
  const texts: string[] = []
  const parser = createParser({
    onEvent({ data }) {
      if (data === '[DONE]') return
      const text = JSON.parse(data).choices[0].delta.content
      if (text !== '') texts.push(text)
    },
  })
  parser.feed(await response.text())
  if (texts.length === deltas) return texts
  throw new Error(`the upstream answered with ${texts.length} deltas, not ${deltas}`)
}
