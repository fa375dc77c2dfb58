import assert from 'node:assert/strict'
import http from 'node:http'
import { test } from 'node:test'
import { createParser } from 'eventsource-parser'
import { chatBody, KEY, type RunningStandin, startStandin } from './test-support.ts'

const TEXT = '黑洞 is 😀 naïve。'

/** Asks over node:http and returns the pieces as its parser hands them out: one for each HTTP chunk. */
function askInPieces(standin: RunningStandin, frame: string): Promise<readonly Buffer[]> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      `${standin.url}/v1/chat/completions`,
      { method: 'POST', agent: false, headers: { authorization: `Bearer ${KEY}` } },
      (response) => {
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.on('end', () => resolve(pieces))
        response.on('error', reject)
      },
    )
    request.on('error', reject)
    const content = `standin: delay=0 frame=${frame} text="${TEXT}"`
    request.end(chatBody(content, { stream: true }))
  })
}

/** Reads the pieces with eventsource-parser and returns the answer's text. */
function textOf(pieces: readonly Buffer[]): string {
  const decoder = new TextDecoder()
  let text = ''
  let done = false
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data === '[DONE]') {
        done = true
        return
      }
      const chunk = JSON.parse(data) as { choices: [{ delta: { content: string } }] }
      text += chunk.choices[0].delta.content
    },
    onError: (error) => assert.fail(error.message),
  })
  for (const piece of pieces) parser.feed(decoder.decode(piece, { stream: true }))
  assert.equal(done, true)
  return text
}

for (const frame of ['lf', 'crlf', 'bytes']) {
  test(`eventsource-parser reads frame=${frame}`, async (t) => {
    const standin = await startStandin(t)
    assert.equal(textOf(await askInPieces(standin, frame)), TEXT)
  })
}

test('frame=crlf ends lines with CR LF, frame=lf never does', async (t) => {
  const standin = await startStandin(t)
  const crlf = Buffer.concat([...(await askInPieces(standin, 'crlf'))]).toString()
  assert.match(crlf, /^(data: [^\r\n]+\r\n\r\n)+$/)
  const lf = Buffer.concat([...(await askInPieces(standin, 'lf'))]).toString()
  assert.match(lf, /^(data: [^\r\n]+\n\n)+$/)
})

test('frame=bytes splits every character', async (t) => {
  const standin = await startStandin(t)
  const pieces = await askInPieces(standin, 'bytes')
  assert.ok(pieces.every((piece) => piece.length === 1))
  const perPiece = pieces.map((piece) => piece.toString('utf8')).join('')
  assert.ok(perPiece.includes('\uFFFD'), 'decoding piece by piece must break the text')
})
