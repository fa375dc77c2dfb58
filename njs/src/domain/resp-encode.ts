/** Commands for Redis in RESP2 (redis.io/docs/reference/protocol-spec): arrays of bulk strings. */

/** One command: its name and arguments, as text; numbers are written by the caller. */
export type Command = readonly string[]

const ENCODER = new TextEncoder()

/**
 * Returns the bytes of one command. Any text is safe; a lone surrogate becomes three bytes, in Node
 * those of the replacement character, in njs its own.
 */
export function encodeCommand(command: Command): Uint8Array {
  return encodeCommands([command])
}

/** Returns the bytes of a pipeline, as encodeCommand. */
export function encodeCommands(commands: readonly Command[]): Uint8Array {
  const text = commands.map(asciiCommand).join('')
  const bytes = ENCODER.encode(text)
  // As many bytes as characters: all is ASCII, and the counts are right.
  if (bytes.length === text.length) return bytes
  return ENCODER.encode(commands.map(withByteCounts).join(''))
}

/** Returns one command as text; the words must be ASCII. */
export function asciiCommand(words: Command): string {
  return `*${words.length}${words.map((word) => `\r\n$${word.length}\r\n${word}`).join('')}\r\n`
}

function withByteCounts(words: Command): string {
  const bytes = words.map((word) => `\r\n$${ENCODER.encode(word).length}\r\n${word}`)
  return `*${words.length}${bytes.join('')}\r\n`
}
