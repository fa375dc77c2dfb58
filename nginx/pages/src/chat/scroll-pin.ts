/** Following the end of a growing text, but only while the reader wants to be there. */

import { type ReadonlySignal, signal } from '@preact/signals'

/** From the bottom, in px, within which scrolling down takes up following again. */
const PIN_DISTANCE = 48

export interface ScrollPin {
  /** False once the reader has scrolled up. */
  readonly isPinned: ReadonlySignal<boolean>
  toBottom(): void
  disconnect(): void
}

/** One scroll movement; all in px. */
export interface ScrollMove {
  readonly from: number
  readonly to: number
  /** What is left below the visible part after the movement. */
  readonly below: number
}

/**
 * Tells whether the view follows the text after a movement. Moving up ends following, unless the
 * text only became shorter; coming back near the bottom takes it up again.
 */
export function isPinnedAfter(wasPinned: boolean, { from, to, below }: ScrollMove): boolean {
  if (to < from && below > 1) return false
  return wasPinned || below <= PIN_DISTANCE
}

/** Keeps the end of `content` in view inside `scroller` as it grows. */
export function connectScrollPin(scroller: HTMLElement, content: HTMLElement): ScrollPin {
  const isPinned = signal(true)
  let top = scroller.scrollTop
  const below = () => scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop

  function toBottom(): void {
    isPinned.value = true
    scroller.scrollTop = scroller.scrollHeight
  }
  function onScroll(): void {
    const move = { from: top, to: scroller.scrollTop, below: below() }
    top = move.to
    isPinned.value = isPinnedAfter(isPinned.value, move)
  }
  // The wheel is heard before the view moves: text that arrives in between must not pull it back.
  function onWheel(event: WheelEvent): void {
    if (event.deltaY < 0 && scroller.scrollTop > 0) isPinned.value = false
  }

  const observer = new ResizeObserver(() => {
    if (isPinned.value) toBottom()
  })
  observer.observe(content)
  observer.observe(scroller)
  scroller.addEventListener('scroll', onScroll, { passive: true })
  scroller.addEventListener('wheel', onWheel, { passive: true })
  return {
    isPinned,
    toBottom,
    disconnect() {
      observer.disconnect()
      scroller.removeEventListener('scroll', onScroll)
      scroller.removeEventListener('wheel', onWheel)
    },
  }
}
