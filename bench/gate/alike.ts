/** Whether a baseline answers what the gate answers; otherwise it is none. */

import { type Answer, ask } from './ask.ts'
import type { Load } from './load.ts'
import type { Loads } from './loads.ts'
import type { Site } from './sites.ts'

/** Headers whose values say what was decided; of the others only the names and lengths count. */
const SAME_VALUES = ['content-type', 'ratelimit-policy']

/**
 * Compares the answers of the gate and of all baselines.
 * @throws if one differs in status, headers or length of the body
 */
export async function checkBaselines({ ports }: Site, loads: Loads): Promise<void> {
  const pairs = [
    ['proxy', loads.read.load],
    ['emptyAccess', loads.read.load],
    ['return401', loads.forged.load],
    ['return429', loads.flood.load],
    ['luaOne', loads.chat.load],
    ['luaTwo', loads.chat.load],
    ['floorRead', loads.read.load],
    ['floorAdmit', loads.chat.load],
    ['floorRefuse', loads.flood.load],
    ['floorForged', loads.forged.load],
  ] as const
  for (const [name, load] of pairs) await compare(name, ports[name], ports.gate, load)
}

async function compare(name: string, baseline: number, gate: number, load: Load): Promise<void> {
  const [theirs, ours] = [outline(await ask(baseline, load)), outline(await ask(gate, load))]
  if (theirs !== ours) {
    throw new Error(`${name} answers otherwise than the gate:\n${theirs}\nthan\n${ours}`)
  }
}

function outline({ status, headers, body }: Answer): string {
  const lines = Object.entries(headers).map(([name, value]) => {
    return SAME_VALUES.includes(name) ? `${name}: ${value}` : `${name} (${value.length})`
  })
  return [status, ...lines.sort(), `${body.length} bytes`].join('\n')
}
