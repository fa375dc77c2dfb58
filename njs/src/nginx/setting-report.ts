/** One log line for a setting that cannot be read, however many requests run into it. */

import { SettingError } from './gate-settings.ts'
import { said } from './zones.ts'

/** After this long the same mistake is told again, ms. */
const SILENCE_MS = 600_000

/** Logs the error: a SettingError once every ten minutes, anything else each time. */
export function reportSettingError(error: unknown): void {
  const text = `gate: ${error instanceof Error ? error.message : String(error)}`
  if (error instanceof SettingError && !said.add(text, '1', SILENCE_MS)) return
  ngx.log(ngx.ERR, text)
}
