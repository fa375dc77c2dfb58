/** The memory that nginx's processes share (js_shared_dict_zone). */

/**
 * Returns a zone of texts.
 * @throws {Error} if the configuration has no such zone
 */
export function textZone(name: string): NgxSharedDict<string> {
  return zone(name) as NgxSharedDict<string>
}

/**
 * Returns a zone of numbers (`type=number`).
 * @throws {Error} if the configuration has no such zone
 */
export function numberZone(name: string): NgxSharedDict<number> {
  return zone(name) as NgxSharedDict<number>
}

/** Handles found before: a pure cache, as they stay the same and finding one costs as much as using it. */
const found: Record<string, NgxSharedDict> = {}

function zone(name: string): NgxSharedDict {
  found[name] ??= find(name)
  return found[name]
}

function find(name: string): NgxSharedDict {
  const dict = ngx.shared[name]
  if (dict === undefined) throw new Error(`js_shared_dict_zone ${name} is missing`)
  return dict
}
