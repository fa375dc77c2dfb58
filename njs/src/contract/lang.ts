/** The two languages of pages and messages, and how a request's language is chosen. */

export type Lang = 'zh-CN' | 'en'

/** Name of the cookie that holds a person's chosen language; readable by scripts, no secret. */
export const LANG_COOKIE = 'lang'

/**
 * Returns the language of a request: the cookie's if it is one of ours, else the first of ours in
 * Accept-Language that is not refused by `q=0` (RFC 9110 §12.5.4, read by order, which is how
 * browsers send it), else English.
 */
export function chooseLang(cookie: string | undefined, acceptLanguage: string | undefined): Lang {
  if (cookie === 'zh-CN' || cookie === 'en') return cookie
  for (const part of (acceptLanguage ?? '').split(',')) {
    const [tag = '', ...params] = part.trim().toLowerCase().split(';')
    if (params.some((param) => /^\s*q=0(\.0*)?\s*$/.test(param))) continue
    if (/^zh\b/.test(tag)) return 'zh-CN'
    if (/^en\b/.test(tag)) return 'en'
  }
  return 'en'
}
