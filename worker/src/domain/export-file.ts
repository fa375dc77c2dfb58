/** Conversations as files to keep: their names and their Markdown. */

import type { ConversationView, MessageView } from '#contract/api.ts'
import type { Lang } from '#contract/lang.ts'

const NAME_CHARACTERS = 80

/** What some system does not take in a name, and what would show a name otherwise than it is. */
const UNFIT = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}/\\:*?"<>|%]/gu

/**
 * Returns the value of Content-Disposition for a file named after a title (RFC 6266): in ASCII for old
 * clients, and in UTF-8.
 * @param fallback the name if nothing of the title is left
 */
export function attachment(title: string, fallback: string, extension: string): string {
  const name = fileName(title) || fallback
  const ascii = /^[\x20-\x7e]+$/.test(name) ? name : fallback
  return `attachment; filename="${ascii}.${extension}"; filename*=UTF-8''${encoded(`${name}.${extension}`)}`
}

function fileName(title: string): string {
  const plain = title.replaceAll(UNFIT, ' ').replaceAll(/\s+/g, ' ')
  // Windows drops dots and spaces at the end; a dot at the beginning hides the file elsewhere.
  return [...plain.replace(/^[. ]+/, '')]
    .slice(0, NAME_CHARACTERS)
    .join('')
    .replace(/[. ]+$/, '')
}

/** Returns the text in the encoding of RFC 8187, which is stricter than encodeURIComponent. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /['()*!]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

type ExportedMessage = Pick<MessageView, 'role' | 'content' | 'reasoning' | 'state' | 'created_at'>

interface Words {
  readonly untitled: string
  readonly user: string
  readonly assistant: string
  readonly reasoning: string
  readonly states: Readonly<Record<Exclude<MessageView['state'], 'done'>, string>>
}

const WORDS: Readonly<Record<Lang, Words>> = {
  en: {
    untitled: 'Untitled conversation',
    user: 'User',
    assistant: 'Assistant',
    reasoning: 'Reasoning',
    states: {
      open: 'still being written',
      stopped: 'stopped',
      failed: 'failed',
      interrupted: 'cut off',
    },
  },
  'zh-CN': {
    untitled: '未命名对话',
    user: '用户',
    assistant: '助手',
    reasoning: '思考过程',
    states: { open: '正在生成', stopped: '已停止', failed: '失败', interrupted: '已中断' },
  },
}

/** Returns the beginning of the Markdown. */
export function markdownHead({ title, created_at }: ConversationView, lang: Lang): string {
  return `# ${title.replaceAll(/\s+/g, ' ').trim() || WORDS[lang].untitled}\n\n${created_at}\n`
}

/** Returns a message in Markdown; its text is Markdown already and stays as it is. */
export function markdownMessage(message: ExportedMessage, lang: Lang): string {
  const words = WORDS[lang]
  const state = message.state === 'done' ? '' : ` (${words.states[message.state]})`
  const head = `\n## ${words[message.role]}${state}\n\n<!-- ${message.created_at} -->\n`
  const reasoning =
    message.reasoning === '' ? '' : `\n> **${words.reasoning}**\n>\n${quoted(message.reasoning)}\n`
  return `${head}${reasoning}\n${message.content}\n`
}

function quoted(text: string): string {
  return text
    .split('\n')
    .map((line) => `> ${line}`.trimEnd())
    .join('\n')
}
