/** Commands for Redis in RESP2 (redis.io/docs/reference/protocol-spec): arrays of bulk strings. */

/** One command: its name and arguments, as text; numbers are written by the caller. */
export type Command = readonly string[]

const ENCODER = new TextEncoder()

/** Longest argument whose heading is kept; session keys have about 90 characters. */
const KEPT_HEADINGS = 128

/** `\r\n$<n>\r\n` by n, made when first used: writing a number costs more than looking it up. */
const headings = new Array<string>(KEPT_HEADINGS).fill('')

/** The last words of commands that differ in the first ones only, encoded once for all of them. */
export interface LastWords {
  readonly count: number
  readonly text: string
}

const NO_WORDS: LastWords = { count: 0, text: '' }

/** Returns the words as encodeCommand takes them. */
export function encodeLastWords(words: Command): LastWords {
  return { count: words.length, text: wordsWithByteCounts(words) }
}

/**
 * Returns the bytes of one command. Any text is safe; a lone surrogate becomes three bytes, in Node
 * those of the replacement character, in njs its own.
 * @param last what follows the words of `command`
 */
export function encodeCommand(command: Command, last: LastWords = NO_WORDS): Uint8Array {
  const text = withCharacterCounts(command, last)
  const bytes = ENCODER.encode(text)
  // As many bytes as characters: all is ASCII, and the counts are right.
  return bytes.length === text.length ? bytes : ENCODER.encode(withByteCounts(command, last))
}

/** Returns the bytes of a pipeline, as encodeCommand. */
export function encodeCommands(commands: readonly Command[]): Uint8Array {
  const text = commands.map((command) => withCharacterCounts(command, NO_WORDS)).join('')
  const bytes = ENCODER.encode(text)
  if (bytes.length === text.length) return bytes
  return ENCODER.encode(commands.map((command) => withByteCounts(command, NO_WORDS)).join(''))
}

/** Four arguments at a time, because in QuickJS every step of a loop costs as much as a heading. */
function withCharacterCounts(command: Command, last: LastWords): string {
  const count = command.length
  let text = `*${count + last.count}`
  let index = 0
  for (; index + 4 <= count; index += 4) {
    const a = command[index] as string
    const b = command[index + 1] as string
    const c = command[index + 2] as string
    const d = command[index + 3] as string
    text = text.concat(
      headings[a.length] || heading(a.length),
      a,
      headings[b.length] || heading(b.length),
      b,
      headings[c.length] || heading(c.length),
      c,
      headings[d.length] || heading(d.length),
      d,
    )
  }
  for (; index < count; index++) {
    const argument = command[index] as string
    text += heading(argument.length) + argument
  }
  return text.concat(last.text, '\r\n')
}

function withByteCounts(command: Command, last: LastWords): string {
  return `*${command.length + last.count}${wordsWithByteCounts(command)}${last.text}\r\n`
}

function wordsWithByteCounts(words: Command): string {
  return words.map((word) => `\r\n$${ENCODER.encode(word).length}\r\n${word}`).join('')
}

function heading(length: number): string {
  const kept = headings[length]
  if (kept) return kept
  const text = `\r\n$${length}\r\n`
  if (length < KEPT_HEADINGS) headings[length] = text
  return text
}
