/** The formats that the chat page shows numbers with. */

import { createNumberFormats, type NumberFormats } from '../format/counts.ts'
import { createDurationFormat, type TimeFormats } from '../format/times.ts'

export type ChatFormats = NumberFormats & Pick<TimeFormats, 'duration'>

/** Returns the formats of a language (BCP 47). */
export function createChatFormats(lang: string): ChatFormats {
  return { ...createNumberFormats(lang), duration: createDurationFormat(lang) }
}
