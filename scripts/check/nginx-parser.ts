/** An nginx configuration file as directives and blocks, each with its place. */

import { NginxSyntaxError, type Token, tokenize } from './nginx-tokens.ts'

export interface Directive {
  /** The first word; in a map or types block that is the key. */
  readonly name: string
  readonly args: readonly string[]
  /** What stands between its braces; undefined for a directive that ends with `;`. */
  readonly block: readonly Directive[] | undefined
  /** As the operator knows it. */
  readonly file: string
  /** Line of the first word. */
  readonly line: number
  /** Line of the `;` or `{` that ends its words: nginx names this one in its messages. */
  readonly endLine: number
  /** Where it stands in the source of its file, block included. */
  readonly from: number
  readonly to: number
}

/**
 * Returns the directives of a file.
 * @param file name that the directives carry
 * @throws {NginxSyntaxError} where nginx would not read on
 */
export function parseNginx(source: string, file: string): readonly Directive[] {
  const tokens = tokenize(source)
  const lastLine = source.split('\n').length
  let at = 0

  function readBlock(isOpen: boolean): readonly Directive[] {
    const directives: Directive[] = []
    for (;;) {
      const token = tokens[at]
      if (token === undefined && !isOpen) return directives
      if (token === undefined) {
        throw new NginxSyntaxError('unexpected end of file, expecting "}"', lastLine)
      }
      if (token.kind === 'close') {
        if (!isOpen) throw new NginxSyntaxError('unexpected "}"', token.line)
        at += 1
        return directives
      }
      directives.push(readDirective(token))
    }
  }

  function readDirective(first: Token): Directive {
    const words: string[] = []
    for (;;) {
      const token = tokens[at]
      if (token === undefined) {
        throw new NginxSyntaxError('unexpected end of file, expecting ";" or "}"', lastLine)
      }
      at += 1
      if (token.kind === 'word') {
        words.push(token.text)
        continue
      }
      const [name, ...args] = words
      if (name === undefined || token.kind === 'close') {
        throw new NginxSyntaxError(`unexpected "${token.text}"`, token.line)
      }
      const block = token.kind === 'open' ? readBlock(true) : undefined
      const to = tokens[at - 1]?.to ?? token.to
      const { line, from } = first
      return { name, args, block, file, line, endLine: token.line, from, to }
    }
  }

  return readBlock(false)
}
