/**
 * Changes members of a JSON object in its text, so that everything else stays as it was written: numbers
 * that no double can hold, escapes, the order of members, nested duplicates.
 */

/** A member of an object, by its place in the text. */
interface Member {
  readonly name: string
  /** Of the whole member, name and value. */
  readonly start: number
  readonly valueStart: number
  readonly end: number
}

export class DuplicateMember extends Error {
  readonly member: string

  constructor(member: string) {
    super(`duplicate member ${member}`)
    this.name = 'DuplicateMember'
    this.member = member
  }
}

export interface JsonMembers {
  /** Returns the JSON text of a member's value, or undefined if there is no such member. */
  textOf(name: string): string | undefined
  /**
   * Returns the object's text with these members set to these JSON texts; undefined removes one. What was
   * not there is added at the end.
   */
  with(changes: Readonly<Record<string, string | undefined>>): string
}

/**
 * Looks at an object's text.
 * @param text valid JSON, an object
 * @throws {DuplicateMember} for a name that is there twice: which of them counts, everybody decides
 *   otherwise
 */
export function jsonMembers(text: string): JsonMembers {
  const members = scan(text)
  return {
    textOf(name) {
      const member = members.find((each) => each.name === name)
      return member && text.slice(member.valueStart, member.end)
    },

    with(changes) {
      const kept = members.flatMap((member) => {
        if (!Object.hasOwn(changes, member.name)) return [text.slice(member.start, member.end)]
        const value = changes[member.name]
        return value === undefined ? [] : [text.slice(member.start, member.valueStart) + value]
      })
      const added = Object.entries(changes).flatMap(([name, value]) =>
        value === undefined || members.some((member) => member.name === name)
          ? []
          : [`${JSON.stringify(name)}:${value}`],
      )
      return `{${[...kept, ...added].join(',')}}`
    },
  }
}

function scan(text: string): readonly Member[] {
  const members: Member[] = []
  const names = new Set<string>()
  let at = skipSpace(text, text.indexOf('{') + 1)
  while (at < text.length && text[at] !== '}') {
    const start = at
    const nameEnd = skipString(text, at)
    const name = String(JSON.parse(text.slice(start, nameEnd)))
    if (names.has(name)) throw new DuplicateMember(name)
    names.add(name)
    const valueStart = skipSpace(text, skipSpace(text, nameEnd) + 1)
    const end = skipValue(text, valueStart)
    members.push({ name, start, valueStart, end })
    at = skipSpace(text, end)
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return members
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at += 1
  return at
}

/** Returns the place behind the string that begins here. */
function skipString(text: string, from: number): number {
  let at = from + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

/** Returns the place behind the value that begins here. */
function skipValue(text: string, from: number): number {
  let depth = 0
  let at = from
  while (at < text.length) {
    const character = text.charAt(at)
    if (character === '"') at = skipString(text, at)
    else if (depth === 0 && ',}] \t\r\n'.includes(character)) return at
    else {
      if ('{['.includes(character)) depth += 1
      if ('}]'.includes(character)) depth -= 1
      at += 1
    }
    if (depth === 0 && '}]"'.includes(text.charAt(at - 1))) return at
  }
  return at
}
