/** Sizes as operators write them, in nginx's own syntax: `512`, `256k`, `8m`. */

const UNIT_BYTES: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 * 1024 }

/** Returns the size in bytes, or undefined if the text is not a positive size. */
export function parseByteSize(text: string): number | undefined {
  const match = /^(\d{1,10})([km]?)$/i.exec(text.trim())
  const unit = UNIT_BYTES[match?.[2]?.toLowerCase() ?? '?']
  const count = Number(match?.[1])
  return unit === undefined || count <= 0 ? undefined : count * unit
}
