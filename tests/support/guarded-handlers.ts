/** Handlers that go wrong in every way a handler can, for guard.test.ts; they run inside nginx. */

import { allow, type Decision, deny } from '../../njs/src/domain/decision.ts'
import { guard } from '../../njs/src/nginx/guard.ts'

const identity = { uid: '7', role: 'user', session: 'a'.repeat(64), token: '' } as const

const allows = guard(async () => allow(identity))
const allowsAtOnce = guard(() => allow(identity))
const denies = guard(async () => deny('forbidden'))
const deniesAtOnce = guard(() => deny('forbidden'))
const neverSettles = guard(() => new Promise<Decision>(() => undefined))
const settlesTooLate = guard(async ({ r }) => {
  await r.subrequest('/slow')
  return allow(identity)
})
const throwsAtOnce = guard(() => {
  throw new Error('broken')
})
const rejects = guard(() => Promise.reject(new Error('broken')))
// JavaScript callers can do what the types forbid; the guard has to hold without them.
const forgets = guard((async () => undefined) as unknown as () => Promise<Decision>)
const forgetsAtOnce = guard((() => undefined) as unknown as () => Decision)
const answersNonsense = guard((async () => ({ kind: 'yes' })) as unknown as () => Promise<Decision>)

/** The same mistakes without the guard: they show that js_access itself lets them through. */
async function unguardedForgets(): Promise<void> {}

export default {
  allows,
  allowsAtOnce,
  answersNonsense,
  denies,
  deniesAtOnce,
  forgets,
  forgetsAtOnce,
  neverSettles,
  rejects,
  settlesTooLate,
  throwsAtOnce,
  unguardedForgets,
}
