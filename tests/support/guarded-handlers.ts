/** Handlers that go wrong in every way a handler can, for guard.test.ts; they run inside nginx. */

import { allow, type Decision, deny } from '../../njs/src/domain/decision.ts'
import type { GateRequest } from '../../njs/src/nginx/gate-request.ts'
import { conclude, concludeFailure, guard, LATER } from '../../njs/src/nginx/guard.ts'

const identity = {
  kind: 'session',
  uid: '7',
  hash: 'a'.repeat(64),
  role: 'user',
  tokenId: '',
} as const

/** Returns a handler that decides after a turn of the event loop. */
function guardLater(decide: (request: GateRequest) => Decision) {
  return guard((request) => {
    setTimeout(() => conclude(request, decide(request)), 1)
    return LATER
  })
}

const allows = guardLater(() => allow(identity))
const allowsAtOnce = guard(() => allow(identity))
const allowsBeforeItWaits = guard((request) => {
  conclude(request, allow(identity))
  return LATER
})
const denies = guardLater(() => deny('forbidden'))
const deniesAtOnce = guard(() => deny('forbidden'))
const deniesThenAllows = guard((request) => {
  conclude(request, deny('forbidden'))
  setTimeout(() => conclude(request, allow(identity)), 1)
  return LATER
})
const neverConcludes = guard(() => LATER)
const concludesTooLate = guard((request) => {
  request.r.subrequest('/slow', {}, () => conclude(request, allow(identity)))
  return LATER
})
const throwsAtOnce = guard(() => {
  throw new Error('broken')
})
const failsLater = guard((request) => {
  setTimeout(() => concludeFailure(request, new Error('broken')), 1)
  return LATER
})
const throwsLater = guardLater(() => {
  throw new Error('broken')
})
/** Something that nobody thought of, after the decision and before the request is let through. */
const unreadable: Decision = {
  ...allow(identity),
  get slot(): string {
    throw new Error('broken')
  },
}
const breaksAtOnce = guard(() => unreadable)
const breaksLater = guardLater(() => unreadable)
// JavaScript callers can do what the types forbid; the guard has to hold without them.
const forgets = guardLater((() => undefined) as unknown as () => Decision)
const forgetsAtOnce = guard((() => undefined) as unknown as () => Decision)
const answersNonsense = guardLater((() => ({ kind: 'yes' })) as unknown as () => Decision)
const promises = guard((async () => allow(identity)) as unknown as () => Decision)

/** The same mistakes without the guard: they show that js_access itself lets them through. */
async function unguardedForgets(): Promise<void> {}

export default {
  allows,
  allowsAtOnce,
  allowsBeforeItWaits,
  answersNonsense,
  breaksAtOnce,
  breaksLater,
  concludesTooLate,
  denies,
  deniesAtOnce,
  deniesThenAllows,
  failsLater,
  forgets,
  forgetsAtOnce,
  neverConcludes,
  promises,
  throwsAtOnce,
  throwsLater,
  unguardedForgets,
}
