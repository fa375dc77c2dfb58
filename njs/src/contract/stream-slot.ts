/**
 * Stream slots: how many answers a user may have running at once. The gate takes a slot when it admits
 * the request; the worker renews it while the answer runs and releases it before the terminal event,
 * so the next request finds it free. A slot that nobody renews lapses, so nothing leaks when a worker
 * or an nginx dies.
 */

/** How long a slot lasts unless it is renewed. */
export const SLOT_LEASE_SECONDS = 10

/** How often the worker renews the slots of running answers. */
export const SLOT_RENEW_MS = 5000
