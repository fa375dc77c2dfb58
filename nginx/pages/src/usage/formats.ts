/** The formats that usage is shown with, in the zone that its days begin in. */

import { computed, type ReadonlySignal } from '@preact/signals'
import type { UsageSummary } from '#contract/api.ts'
import type { Resource } from '../api/resource.ts'
import { createNumberFormats, type NumberFormats } from '../format/counts.ts'
import { browserZone, createTimeFormats, type TimeFormats } from '../format/times.ts'

export interface UsageFormats extends NumberFormats, TimeFormats {}

/** Returns the formats; until the summary has told its zone they use the browser's. */
export function createUsageFormats(
  lang: string,
  summary: Resource<UsageSummary>,
): ReadonlySignal<UsageFormats> {
  const numbers = createNumberFormats(lang)
  const zone = computed(() => summary.data.value?.timezone ?? browserZone())
  return computed(() => ({ ...numbers, ...createTimeFormats(lang, zone.value) }))
}
