/** How full the zones of shared memory are. */

export interface ZoneSize {
  readonly zone: string
  readonly bytes: number
  /** Whole free pages; what is free inside used pages comes on top. */
  readonly freeBytes: number
}

/** Returns the sizes of all zones, by name. */
export function zoneSizes(): readonly ZoneSize[] {
  return Object.keys(ngx.shared)
    .sort()
    .flatMap((zone) => {
      const dict = ngx.shared[zone]
      return dict === undefined ? [] : [{ zone, bytes: dict.capacity, freeBytes: dict.freeSpace() }]
    })
}
