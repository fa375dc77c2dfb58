/** Writing HTML: text is escaped unless it is markup already. */

/** HTML that is safe to put into HTML; only `html` makes it. */
export class Markup {
  readonly source: string

  constructor(source: string) {
    this.source = source
  }
}

type Value = string | number | Markup | readonly Markup[] | false | undefined

/** Tag for templates: escapes every value that is not Markup; false and undefined write nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(parts.reduce((source, part, index) => source + write(values[index - 1]) + part))
}

function write(value: Value): string {
  if (value === undefined || value === false) return ''
  if (value instanceof Markup) return value.source
  if (Array.isArray(value)) return value.map((item) => write(item)).join('')
  return escapeText(String(value))
}

/** Returns the text as it may stand in an element or in a quoted attribute. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
