/** Reading a key from standard input: from a pipe, or typed where nobody can read it. */

import type { ReadStream } from 'node:tty'

type Input = NodeJS.ReadStream
type Output = Pick<NodeJS.WriteStream, 'write'>

/** Longer than any key. */
const MAX_CHARACTERS = 1024
const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const BACKSPACE = /[\b\u007f]/

/** Returns the key without white space around it; undefined if the typing was broken off. */
export async function readKey(input: Input, output: Output): Promise<string | undefined> {
  return input.isTTY ? readTyped(input, output) : readPiped(input)
}

async function readPiped(input: AsyncIterable<Buffer | string>): Promise<string> {
  let text = ''
  for await (const piece of input) {
    text += piece.toString()
    if (text.length > MAX_CHARACTERS) break
  }
  return text.trim()
}

/** The terminal repeats nothing, so Enter, erasing and Ctrl-C are ours to see to. */
function readTyped(input: ReadStream, output: Output): Promise<string | undefined> {
  output.write('API key (not shown): ')
  input.setRawMode(true)
  input.setEncoding('utf8')
  return new Promise((resolve) => {
    let text = ''
    function finish(result: string | undefined): void {
      input.off('data', onData)
      input.setRawMode(false)
      input.pause()
      output.write('\n')
      resolve(result)
    }
    /** Returns false when nothing more is to come. */
    function take(character: string): boolean {
      if (character === CTRL_C || character === CTRL_D) finish(undefined)
      else if (character === '\r' || character === '\n') finish(text.trim())
      else {
        if (BACKSPACE.test(character)) text = text.slice(0, -1)
        else if (text.length < MAX_CHARACTERS) text += character
        return true
      }
      return false
    }
    function onData(piece: string): void {
      for (const character of piece) if (!take(character)) break
    }
    input.on('data', onData)
    input.resume()
  })
}
