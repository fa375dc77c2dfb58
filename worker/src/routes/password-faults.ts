/** What is wrong with a new password, in words. */

import type { Lang } from '#contract/lang.ts'
import type { PasswordFault } from '../domain/password-policy.ts'

export const FAULTS: Readonly<Record<PasswordFault, Readonly<Record<Lang, string>>>> = {
  short: { en: 'Use at least 8 characters.', 'zh-CN': '请至少使用 8 个字符。' },
  long: { en: 'Use at most 256 characters.', 'zh-CN': '请最多使用 256 个字符。' },
  malformed: { en: 'This text has half a character.', 'zh-CN': '密码中含有不完整的字符。' },
  common: { en: 'Too many people use this password.', 'zh-CN': '该密码过于常见。' },
  username: { en: 'The username is no password.', 'zh-CN': '不能使用用户名作为密码。' },
  unchanged: { en: 'This is the password you have now.', 'zh-CN': '新密码与当前密码相同。' },
}
