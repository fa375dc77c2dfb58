import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readCommands } from '../../../tests/support/bridge-reference.ts'
import { asciiCommand, encodeCommand, encodeCommands } from './resp-encode.ts'

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()
const anyText = fc.string({ unit: 'binary', maxLength: 300 })
const anyCommand = fc.array(anyText, { minLength: 1, maxLength: 15 })

/** Any UTF-16, pairs of surrogates broken apart included. */
const anyUnits = fc
  .array(fc.oneof(fc.integer({ min: 0xd700, max: 0xe0ff }), fc.integer({ max: 0xffff, min: 0 })))
  .map((units) => String.fromCharCode(...units))

test('a command is framed as Redis reads it', () => {
  assert.equal(text(encodeCommand(['PING'])), '*1\r\n$4\r\nPING\r\n')
  assert.equal(
    text(encodeCommand(['SET', 'k', '名字'])),
    '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$6\r\n名字\r\n',
  )
  assert.equal(
    text(encodeCommand(['A', 'bc', '', 'd', 'e'])),
    '*5\r\n$1\r\nA\r\n$2\r\nbc\r\n$0\r\n\r\n$1\r\nd\r\n$1\r\ne\r\n',
  )
})

test('any text arrives as its UTF-8, however many arguments there are and however long', () => {
  fc.assert(
    fc.property(fc.array(anyCommand, { minLength: 1, maxLength: 4 }), (commands) => {
      const read = readCommands(Buffer.from(encodeCommands(commands)))
      assert.deepEqual(
        read,
        commands.map((command) => command.map((word) => Buffer.from(word))),
      )
      assert.deepEqual(
        Buffer.concat(commands.map((command) => encodeCommand(command))),
        Buffer.from(encodeCommands(commands)),
      )
    }),
  )
})

test('broken surrogates are sent as replacement characters, at the ends of arguments too', () => {
  fc.assert(
    fc.property(fc.array(anyUnits, { minLength: 1, maxLength: 6 }), (command) => {
      const [read] = readCommands(Buffer.from(encodeCommand(command)))
      assert.deepEqual(
        read?.map(String),
        command.map((word) => Buffer.from(word).toString()),
      )
    }),
  )
})

test('long arguments keep their length', () => {
  for (const length of [127, 128, 129, 100_000]) {
    const [read] = readCommands(Buffer.from(encodeCommand(['x'.repeat(length), 'y'])))
    assert.deepEqual(
      read?.map((word) => word.length),
      [length, 1],
    )
  }
})

test('a command of ASCII words is the same as text', () => {
  const words = fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 150 }), { minLength: 1 })
  fc.assert(
    fc.property(words, (command) => {
      assert.equal(asciiCommand(command), text(encodeCommand(command)))
    }),
  )
})
