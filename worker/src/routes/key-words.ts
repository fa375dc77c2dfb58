/** What admins are told about a key; who chats is only told to ask one of them. */

import type { KeyFlaw, KeyState } from '#contract/key-state.ts'
import type { Lang } from '#contract/lang.ts'
import type { ProblemCode } from '#contract/problem-codes.ts'

type Words = Readonly<Record<Lang, string>>

/** Why no call can use a row. */
export const FLAW_WORDS: Readonly<Record<KeyFlaw, Words>> = {
  no_key: { en: 'The row holds no key.', 'zh-CN': '该行没有密钥。' },
  malformed_key: {
    en: 'The plain key is not 8 to 256 printable characters without spaces.',
    'zh-CN': '明文密钥格式不正确：应为 8 至 256 个可见字符，且不含空格。',
  },
  unknown_encryption_key: {
    en: 'GATE_ENCRYPTION_KEYS no longer holds what this key was encrypted with.',
    'zh-CN': 'GATE_ENCRYPTION_KEYS 中没有加密该密钥时所用的密钥。',
  },
  damaged_key: {
    en: 'The encrypted key was changed or copied from another row. Store the key again.',
    'zh-CN': '密文被改动过，或复制自其他行，请重新保存密钥。',
  },
  insecure_url: {
    en: 'base_url is neither https nor on this machine.',
    'zh-CN': 'base_url 既不是 https，也不在本机。',
  },
  standin_url: {
    en: 'A real key is never sent to the local stand-in, nor its key anywhere else.',
    'zh-CN': '真实密钥不会发送给本地模拟服务，模拟服务的密钥也不会发往别处。',
  },
}

/** Why calls leave a key alone. */
export const STATE_WORDS: Readonly<Record<Exclude<KeyState, 'ok' | 'unusable'>, Words>> = {
  disabled: { en: 'Disabled by an administrator.', 'zh-CN': '已被管理员停用。' },
  rejected: {
    en: 'The provider refused the key (401). Replace it, or enable it to try again.',
    'zh-CN': '服务方拒绝了该密钥（401）。请更换密钥，或重新启用以再次尝试。',
  },
  no_balance: {
    en: 'The account has no balance (402). It is asked again every ten minutes.',
    'zh-CN': '账户余额不足（402），每十分钟自动复查一次。',
  },
  cooling: {
    en: 'The account made too many calls (429) and rests.',
    'zh-CN': '账户请求过多（429），暂停使用。',
  },
  failing: {
    en: 'The server failed several times in a row and rests; then one call tries.',
    'zh-CN': '服务连续多次出错，暂停使用，之后由一次调用试探恢复。',
  },
}

/** What a test of a key has found; codes that are not here speak for themselves. */
export const TEST_WORDS: Readonly<Partial<Record<ProblemCode, Words>>> = {
  upstream_key_rejected: {
    en: 'The provider does not know this key.',
    'zh-CN': '服务方不认识该密钥。',
  },
  upstream_balance: { en: 'The account has no balance.', 'zh-CN': '账户余额不足。' },
  upstream_busy: {
    en: 'The provider answers that it is busy, or that the account makes too many calls.',
    'zh-CN': '服务方繁忙，或账户请求过多。',
  },
  upstream_unavailable: {
    en: 'There is no model API at base_url, or it does not work.',
    'zh-CN': 'base_url 处没有可用的模型接口。',
  },
  upstream_timeout: { en: 'There was no answer in time.', 'zh-CN': '未能及时收到回答。' },
  upstream_rejected_request: {
    en: 'The provider does not accept the question for its models, or not with this key.',
    'zh-CN': '服务方不接受模型列表请求，或不允许该密钥查询。',
  },
}
