/**
 * The words of the language a bundle is made for. The build puts en.ts in place of zh-cn.ts for the
 * English pages (scripts/build/pages.ts), so each page carries one language only.
 */

export * from './zh-cn.ts'
