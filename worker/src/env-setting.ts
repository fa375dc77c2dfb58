/** One setting of the environment: its name, how its text is read and what is said if it is wrong. */

export type Source = Readonly<Record<string, string | undefined>>

export interface Setting<T> {
  readonly name: string
  /** @param text undefined when the setting is not given */
  readonly read: (text: string | undefined) => { readonly value: T } | { readonly problem: string }
}

type Values<S> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never }

/** Returns undefined for a text that is no good. */
type Parse<T> = (text: string) => T | undefined

/** @param expected what the text must be, for the message: "`NAME` must be …" */
export function required<T>(name: string, parse: Parse<T>, expected: string): Setting<T> {
  return {
    name,
    read: (text) =>
      text === undefined
        ? { problem: `${name} is required: ${expected}` }
        : parsed(name, parse(text), expected),
  }
}

/** A setting that falls back to `fallback`, which is written as an operator would write it. */
export function withDefault<T>(
  name: string,
  fallback: string,
  parse: Parse<T>,
  expected: string,
): Setting<T> {
  return { name, read: (text) => parsed(name, parse(text ?? fallback), expected) }
}

/** A setting that may be left out. */
export function optional<T>(
  name: string,
  parse: Parse<T>,
  expected: string,
): Setting<T | undefined> {
  return {
    name,
    read: (text) =>
      text === undefined ? { value: undefined } : parsed(name, parse(text), expected),
  }
}

function parsed<T>(name: string, value: T | undefined, expected: string) {
  return value === undefined ? { problem: `${name} must be ${expected}` } : { value }
}

/**
 * Returns the values of all settings, or every problem found, naming the variable and never its
 * value. Each `NAME` may be given as `NAME_FILE`, the path of a file that holds the value (one
 * trailing line break is dropped); an empty value counts as not given.
 * @param readFile returns a file's text or throws
 */
export function readSettings<S extends Readonly<Record<string, Setting<unknown>>>>(
  settings: S,
  source: Source,
  readFile: (path: string) => string,
): { readonly values: Values<S> } | { readonly problems: readonly string[] } {
  const values: Record<string, unknown> = {}
  const problems: string[] = []
  for (const [key, setting] of Object.entries(settings)) {
    const text = readText(setting.name, source, readFile)
    const result = 'problem' in text ? text : setting.read(text.value)
    if ('problem' in result) problems.push(result.problem)
    else values[key] = result.value
  }
  return problems.length > 0 ? { problems } : { values: values as Values<S> }
}

function readText(name: string, source: Source, readFile: (path: string) => string) {
  const plain = source[name] || undefined
  const path = source[`${name}_FILE`] || undefined
  if (path === undefined) return { value: plain }
  if (plain !== undefined) return { problem: `${name} and ${name}_FILE are both set; keep one` }
  try {
    return { value: readFile(path).replace(/\r?\n$/, '') || undefined }
  } catch {
    return { problem: `${name}_FILE: cannot read ${path}` }
  }
}
