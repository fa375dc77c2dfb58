/**
 * A gate that waits for Redis as long as it takes. On a busy machine an answer may take longer than
 * the gate usually waits, and then it counts alone; where what Redis decides is under test, it must not.
 */

import type { Plan } from '../../scripts/stack/plan.ts'
import { editNginx, type NginxEdits } from './nginx-edit.ts'

const EDITS: NginxEdits = {
  'servers/gateway.conf': (text) =>
    text.replace(/location = \/_redis \{[^}]*\}/, (block) => block.replace(/\b\d+ms;/g, '20s;')),
  'rendered/tunables.conf': (text) => text.replace(/(\$gate_deadline) "[^"]*"/, '$1 "30s"'),
}

/** Gives the stack's gate all the time. */
export function makePatient(plan: Plan): Promise<void> {
  return editNginx(plan, EDITS)
}
