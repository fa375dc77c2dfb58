/** Commands for Redis in RESP2 (redis.io/docs/reference/protocol-spec): arrays of bulk strings. */

/** One command: its name and arguments, as text; numbers are written by the caller. */
export type Command = readonly string[]

/**
 * Returns the bytes of a pipeline as a string to be sent as UTF-8. Lengths count UTF-8 bytes, not
 * characters, so any text is safe.
 */
export function encodeCommands(commands: readonly Command[]): string {
  let text = ''
  for (const command of commands) {
    text += `*${command.length}\r\n`
    for (const argument of command) text += `$${utf8Length(argument)}\r\n${argument}\r\n`
  }
  return text
}

/**
 * Returns how many bytes the text takes in UTF-8; a lone surrogate counts as the replacement
 * character it is sent as. A loop, because it is several times faster in QuickJS than encoding.
 */
export function utf8Length(text: string): number {
  let bytes = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) continue
    if (unit < 0x800) {
      bytes += 1
    } else if (isPair(text, index, unit)) {
      bytes += 2
      index += 1
    } else {
      bytes += 2
    }
  }
  return bytes
}

function isPair(text: string, index: number, unit: number): boolean {
  if (unit < 0xd800 || unit > 0xdbff) return false
  const next = text.charCodeAt(index + 1)
  return next >= 0xdc00 && next <= 0xdfff
}
