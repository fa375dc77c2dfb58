import type { MiddlewareHandler } from 'hono'
import type { AppEnv } from './context.ts'
import type { StreamSlots } from './domain/stream-slots.ts'

/**
 * Gives back the slot of a request that did not become a running answer, before its own answer goes
 * out: whoever sent a bad message may send a better one at once.
 */
export function releaseUnusedSlot(slots: StreamSlots): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next()
    if (c.var.slot !== undefined) await slots.release(c.var.slot)
  }
}
