import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { ReadStream } from 'node:tty'
import { readKey } from './key-input.ts'

/** A terminal, and what it was told: `+` and `-` for repeating nothing, on and off. */
function terminal() {
  const modes: string[] = []
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode(on: boolean) {
      modes.push(on ? '+' : '-')
      return input
    },
  })
  const shown: string[] = []
  const output = {
    write(text: string | Uint8Array) {
      shown.push(String(text))
      return true
    },
  }
  const reading = readKey(input as unknown as ReadStream, output)
  return { input, modes, shown, reading }
}

test('a piped key ends where the pipe does, without white space', async () => {
  const input = new PassThrough()
  const reading = readKey(input as unknown as ReadStream, { write: () => true })
  input.write('  sk-01')
  input.end('23456789\n')
  assert.equal(await reading, 'sk-0123456789')
})

test('a typed key is not shown, and may be corrected', async () => {
  const { input, modes, shown, reading } = terminal()
  for (const typed of ['sk-', '01234x', '\u007f', '56789', '\r']) input.write(typed)
  assert.equal(await reading, 'sk-0123456789')
  assert.deepEqual(modes, ['+', '-'])
  assert.doesNotMatch(shown.join(''), /sk-|0123/)
})

test('a pasted key ends at its line end; Ctrl-C breaks off', async () => {
  const pasted = terminal()
  pasted.input.write('sk-0123456789\nmore')
  assert.equal(await pasted.reading, 'sk-0123456789')
  const broken = terminal()
  broken.input.write('sk-0\u0003')
  assert.equal(await broken.reading, undefined)
  assert.deepEqual(broken.modes, ['+', '-'])
})
