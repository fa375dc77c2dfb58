/** Whether this browser has a network. */

import { type ReadonlySignal, signal } from '@preact/signals'

/** Returns a signal that follows the browser's own idea of being online. */
export function followOnline(): ReadonlySignal<boolean> {
  const isOnline = signal(navigator.onLine)
  const update = () => {
    isOnline.value = navigator.onLine
  }
  addEventListener('online', update)
  addEventListener('offline', update)
  return isOnline
}
