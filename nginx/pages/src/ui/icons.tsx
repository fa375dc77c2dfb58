/** The few icons of the pages, drawn on a 20 × 20 grid in the colour of the text around them. */

import type { ComponentChildren } from 'preact'

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      {children}
    </svg>
  )
}

export const SendIcon = () => (
  <Icon>
    <path d="M10 16V4M4.5 9.5 10 4l5.5 5.5" />
  </Icon>
)

export const StopIcon = () => (
  <Icon>
    <rect class="icon-solid" x="5.5" y="5.5" width="9" height="9" rx="1.5" />
  </Icon>
)

export const NewIcon = () => (
  <Icon>
    <path d="M10 4.5v11M4.5 10h11" />
  </Icon>
)

export const RefreshIcon = () => (
  <Icon>
    <path d="M15.5 10a5.5 5.5 0 1 1-1.6-3.9L16 8.2M16 4v4.2h-4.2" />
  </Icon>
)

export const DownIcon = () => (
  <Icon>
    <path d="M10 4v12M4.5 10.5 10 16l5.5-5.5" />
  </Icon>
)
