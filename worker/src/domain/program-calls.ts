/** The calls of programs that run in this worker. */

import type { BegunCall } from './call-record.ts'
import { type ProgramCall, type ProgramCallPorts, startProgramCall } from './program-call.ts'
import type { RunningCalls } from './running-calls.ts'
import type { StreamSlot, StreamSlots } from './stream-slots.ts'
import type { ForwardCall } from './upstream-event.ts'
import type { UpstreamKey } from './upstream-key.ts'

export interface ProgramCalls {
  /**
   * Starts a call whose row is open.
   * @param slot what the gate took for it, if anything: kept while the answer runs, then given back
   */
  start(
    begun: BegunCall,
    call: ForwardCall,
    key: UpstreamKey,
    price: ProgramCallPorts['price'],
    slot: StreamSlot | undefined,
  ): ProgramCall
}

export interface ProgramCallsDeps extends Omit<ProgramCallPorts, 'call' | 'price' | 'release'> {
  readonly slots: StreamSlots
  readonly running: RunningCalls
  /** Told of each call when it starts. */
  readonly onStart: (call: ProgramCall) => void
  readonly call: (
    key: UpstreamKey,
    call: ForwardCall,
    signal: AbortSignal,
  ) => ReturnType<ProgramCallPorts['call']>
}

export function createProgramCalls(deps: ProgramCallsDeps): ProgramCalls {
  const { slots, running, onStart } = deps
  return {
    start(begun, call, key, price, slot) {
      if (slot !== undefined) slots.hold(slot)
      const program = startProgramCall(begun, {
        ...deps,
        price,
        call: (signal) => deps.call(key, call, signal),
        release: async () => {
          if (slot !== undefined) await slots.release(slot)
        },
      })
      onStart(program)
      running.add({ ...program, id: begun.id, uid: begun.uid })
      return program
    },
  }
}
