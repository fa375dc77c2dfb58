/** Which key a call uses, and where a key may be sent. */

import type { KeyFault } from './key-health.ts'

/** A decrypted key, held in memory only. */
export interface UpstreamKey {
  readonly id: string
  readonly alias: string
  /** The bearer secret: never logged, never answered. */
  readonly secret: string
  /** Without a slash at the end. */
  readonly baseUrl: string
  readonly weight: number
  readonly standin: boolean
}

/** A key with what is stored about its health. */
export interface PooledKey extends UpstreamKey {
  /** Keys of one account share what the provider allows it. */
  readonly account: string
  /** Raised when the key is replaced or let in again. */
  readonly version: number
  readonly fault: KeyFault | null
}

/** Alias and key of the stand-in's own row. */
export const STANDIN_ALIAS = 'standin'
export const STANDIN_KEY = 'sk-standin'
/** Alias of the key given as DEEPSEEK_API_KEY. */
export const ENV_ALIAS = 'env'

/** 8 to 256 printable ASCII characters without spaces: what fits a header and is no typing error. */
export const KEY_PATTERN = /^[\x21-\x7e]{8,256}$/
export const ALIAS_PATTERN = /^[a-z0-9_-]{1,64}$/

/**
 * Returns the account of a key that was given none: its own, under a name that no alias can be. A key
 * that replaces it has another one.
 */
export function ownAccount(id: string, version: number): string {
  return `#${id}.${version}`
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/**
 * Returns the base URL in the form we store (no slash at the end), or undefined if a key must not be
 * sent there: https only, or http on this machine; no credentials, query or fragment.
 */
export function normalBaseUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.username + url.password + url.search + url.hash !== '') return
  const safe =
    url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname))
  return safe ? url.href.replace(/\/+$/, '') : undefined
}

/** Returns true if both URLs lead to the same server, whatever their path or loopback name. */
export function isSameServer(a: string, b: string): boolean {
  return serverOf(a) === serverOf(b)
}

function serverOf(text: string): string {
  const url = new URL(text)
  const host = LOOPBACK.test(url.hostname) ? 'localhost' : url.hostname
  return `${host}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`
}

/** Returns false for a real key on its way to the stand-in, and for the stand-in's key elsewhere. */
export function mayTravel(
  key: Pick<UpstreamKey, 'baseUrl' | 'standin'>,
  standinUrl: string | undefined,
): boolean {
  const isToStandin = standinUrl !== undefined && isSameServer(key.baseUrl, standinUrl)
  return key.standin === isToStandin
}

/**
 * Returns the keys that calls may use: the real ones, or the stand-in's while no other is enabled.
 * @param hasReal whether a real key is enabled, usable or not: once somebody has added one, made-up
 *   answers would only hide that it does not work
 */
export function usableKeys<K extends UpstreamKey>(
  keys: readonly K[],
  hasReal: boolean,
): readonly K[] {
  return keys.filter((key) => key.weight > 0 && key.standin !== hasReal)
}

/**
 * Returns one of the keys, each as likely as its share of the weights.
 * @param random in [0, 1)
 */
export function chooseKey<K extends UpstreamKey>(
  keys: readonly K[],
  random: number,
): K | undefined {
  let rest = random * keys.reduce((sum, key) => sum + key.weight, 0)
  for (const key of keys) {
    rest -= key.weight
    if (rest < 0) return key
  }
  return keys.at(-1)
}
