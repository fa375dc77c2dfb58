/** The check reads words exactly as nginx does: every mix of quotes, escapes and blanks. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { tokenize } from '../../scripts/check/nginx-tokens.ts'
import { CHECKOUT } from '../../scripts/stack/layout.ts'
import { startBareNginx } from '../support/bare-nginx.ts'

const WORDS = 400

/** What has a meaning in a configuration, except `$`: a variable would have to exist. */
const piece = fc.constantFrom(...'abnrt"\'\\#;{} \n~^')
const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))
const source = fc.oneof(
  text,
  text.map((inner) => `"${inner}"`),
  text.map((inner) => `'${inner}'`),
)

/** Returns the one word that a text is, or undefined if it is something else. */
function onlyWord(written: string): string | undefined {
  try {
    const [word, ...more] = tokenize(written)
    // Not in a comment, which would swallow what comes behind.
    const isEnded = tokenize(`${written};`).length === 2
    return word?.kind === 'word' && more.length === 0 && isEnded ? word.text : undefined
  } catch {
    return undefined
  }
}

test('nginx answers with the very words that the check reads', async () => {
  const written = fc
    .sample(source, WORDS * 4)
    .filter((sample) => onlyWord(sample) !== undefined)
    .slice(0, WORDS)
  assert.ok(written.length > WORDS / 2)
  const locations = written.map((word, index) => `location = /${index} { return 200 ${word}; }`)
  const server = `server { listen 127.0.0.1:PORT;\n${locations.join('\n')}\n}`
  const nginx = await startBareNginx(join(CHECKOUT, 'njs/src/bridge.ts'), server)
  try {
    for (const [index, word] of written.entries()) {
      const answer = await (await fetch(`${nginx.url}/${index}`)).text()
      assert.equal(answer, onlyWord(word), `written as ${JSON.stringify(word)}`)
    }
  } finally {
    await nginx.stop()
  }
})
