/** The words of an nginx configuration file, cut exactly as nginx cuts them (ngx_conf_file.c). */

export interface Token {
  readonly kind: 'word' | 'end' | 'open' | 'close'
  /** Of a word: its text without quotes, with escapes resolved. */
  readonly text: string
  /** Line on which it begins, from 1. */
  readonly line: number
  /** Where it begins and ends in the source. */
  readonly from: number
  readonly to: number
}

/** Thrown where nginx would stop reading, too. */
export class NginxSyntaxError extends Error {
  readonly line: number

  constructor(message: string, line: number) {
    super(message)
    this.name = 'NginxSyntaxError'
    this.line = line
  }
}

const KINDS: Readonly<Record<string, Token['kind']>> = { ';': 'end', '{': 'open', '}': 'close' }
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  t: '\t',
  r: '\r',
  n: '\n',
}

/** A word without quotes goes up to a blank, `;` or `{`; `${` belongs to it. */
const BARE = /(?:\\.|\$\{|[^\s;{\\])+/sy
const DOUBLE = /"((?:\\.|[^"\\])*)"/sy
const SINGLE = /'((?:\\.|[^'\\])*)'/sy
const BLANK = /(?:\s|#[^\n]*)+/y

/**
 * Returns the tokens of a file.
 * @throws {NginxSyntaxError} where a quote is not closed or something stands right behind one
 */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = []
  let at = 0
  let line = 1
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(source)
    if (match !== null) at = pattern.lastIndex
    return match
  }
  while (at < source.length) {
    const blank = take(BLANK)
    if (blank !== null) {
      line += lineBreaks(blank[0])
      continue
    }
    const character = source[at] ?? ''
    const kind = KINDS[character]
    if (kind !== undefined) {
      tokens.push({ kind, text: character, line, from: at, to: at + 1 })
      at += 1
      continue
    }
    const from = at
    const isQuoted = character === '"' || character === "'"
    const word = take(character === '"' ? DOUBLE : character === "'" ? SINGLE : BARE)
    if (word === null) throw new NginxSyntaxError(`a ${character} is never closed`, line)
    const [whole, inner] = word
    const text = withoutEscapes(isQuoted ? (inner ?? '') : whole)
    tokens.push({ kind: 'word', text, line, from, to: at })
    line += lineBreaks(whole)
    const next = source[at] ?? ''
    if (isQuoted && !/^[\s;{)]?$/.test(next)) {
      throw new NginxSyntaxError(`${next} stands right behind a quote`, line)
    }
  }
  return tokens
}

function withoutEscapes(text: string): string {
  return text.replace(/\\(["'\\trn])/g, (_, letter: string) => ESCAPES[letter] ?? letter)
}

function lineBreaks(text: string): number {
  return text.split('\n').length - 1
}
