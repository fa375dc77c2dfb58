/** Keeps the pages light: a build that makes one too heavy fails. */

import { brotliCompressSync } from 'node:zlib'

/**
 * Checks what a first visit to a page loads, compressed with brotli at its highest level.
 * @param budget bytes
 * @throws if the files together are above the budget
 */
export function checkBudget(page: string, files: readonly Uint8Array[], budget: number): void {
  const size = files.reduce((sum, file) => sum + brotliCompressSync(file).length, 0)
  if (size > budget) {
    throw new Error(`Page ${page} loads ${size} bytes (brotli); its budget is ${budget}.`)
  }
}
