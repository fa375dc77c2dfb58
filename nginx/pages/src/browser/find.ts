/**
 * Returns the element that a template of this page wrote.
 * @throws {Error} if it is missing or of another type: page and script do not belong together
 */
export function find<T extends Element>(selector: string, type: new () => T): T {
  const element = document.querySelector(selector)
  if (element instanceof type) return element
  throw new Error(`This page has no ${selector}`)
}
