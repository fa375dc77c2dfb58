/**
 * RESP2 as the specification has it, written apart from the gate's own code and for Node only, to
 * compare that code with.
 */

import fc from 'fast-check'

/** What Redis may answer; an error is told apart from text by its own shape. */
export type Value = Buffer | number | null | { readonly error: string } | readonly Value[]

/** Returns the bytes of a value as Redis writes it. */
export function writeValue(value: Value): Buffer {
  if (value === null) return Buffer.from('$-1\r\n')
  if (typeof value === 'number') return Buffer.from(`:${value}\r\n`)
  if (Buffer.isBuffer(value)) {
    return Buffer.concat([Buffer.from(`$${value.length}\r\n`), value, Buffer.from('\r\n')])
  }
  if ('error' in value) return Buffer.from(`-${value.error}\r\n`)
  return Buffer.concat([Buffer.from(`*${value.length}\r\n`), ...value.map(writeValue)])
}

/** Returns the commands in the bytes, as Redis reads them. */
export function readCommands(bytes: Buffer): Buffer[][] {
  const commands: Buffer[][] = []
  let position = 0
  const line = (type: string) => {
    const end = bytes.indexOf('\r\n', position)
    const text = bytes.toString('latin1', position, end)
    if (end < 0 || !text.startsWith(type)) throw new Error(`no ${type} at ${position}`)
    position = end + 2
    return Number(text.slice(1))
  }
  while (position < bytes.length) {
    const words: Buffer[] = []
    for (let left = line('*'); left > 0; left--) {
      const length = line('$')
      words.push(bytes.subarray(position, position + length))
      position += length
      if (bytes.toString('latin1', position, position + 2) !== '\r\n') throw new Error('no CRLF')
      position += 2
    }
    commands.push(words)
  }
  return commands
}

/** Any bytes, line ends and RESP's own type bytes more often than chance has them. */
export const anyBytes: fc.Arbitrary<Buffer> = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc
        .constantFrom('\r', '\n', '\r\n', '$5\r\n', '*2\r\n', '\0', '-READONLY \r\n', '名')
        .map((text) => Uint8Array.from(Buffer.from(text))),
    ),
    { maxLength: 6 },
  )
  .map((parts) => Buffer.concat(parts))

/** Any value, nested a few levels deep. */
export const anyValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    anyBytes,
    fc.maxSafeInteger(),
    fc.constant(null),
    fc.constantFrom('ERR no such thing', 'NOSCRIPT', 'WRONGTYPE x').map((error) => ({ error })),
    fc.array(tie('value'), { maxLength: 4 }),
  ),
})).value

/** Returns the bytes cut after each of the sizes in turn, the rest in one piece. */
export function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  let position = 0
  for (const size of sizes) {
    if (position >= bytes.length) break
    pieces.push(bytes.subarray(position, position + size))
    position += size
  }
  if (position < bytes.length) pieces.push(bytes.subarray(position))
  return pieces
}

/** Sizes to cut by: single bytes more often than not, because borders hide there. */
export const cutSizes: fc.Arbitrary<number[]> = fc.array(
  fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 30 })),
  { maxLength: 40 },
)
