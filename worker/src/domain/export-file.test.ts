import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { attachment, markdownHead, markdownMessage } from './export-file.ts'

test('a file is named after its title, in ASCII for old clients', () => {
  assert.equal(
    attachment('Rate limits', 'conversation-7', 'md'),
    'attachment; filename="Rate limits.md"; filename*=UTF-8\'\'Rate%20limits.md',
  )
  assert.equal(
    attachment('限流', 'conversation-7', 'json'),
    'attachment; filename="conversation-7.json"; filename*=UTF-8\'\'%E9%99%90%E6%B5%81.json',
  )
})

test('a title cannot name another place or end the header', () => {
  for (const [title, name] of [
    ['../../etc/passwd', 'etc passwd'],
    ['a"b\\c\r\nSet-Cookie: x', 'a b c Set-Cookie x'],
    ['.hidden. ', 'hidden'],
    ['\u202efdp.exe', 'fdp.exe'],
    ['...', 'conversation-7'],
    ['', 'conversation-7'],
  ] as const) {
    const value = attachment(title, 'conversation-7', 'md')
    assert.ok(value.startsWith(`attachment; filename="${name}.md"; `), value)
  }
})

test('whatever the title, the header is plain ASCII and decodes to a name of one file', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (title) => {
      const value = attachment(title, 'conversation-7', 'md')
      const [, ascii, utf8 = ''] =
        /^attachment; filename="([^"\\]+)"; filename\*=UTF-8''([\w%.~-]+)$/.exec(value) ?? []
      assert.match(ascii ?? '', /^[\x20-\x7e]+\.md$/)
      assert.match(decodeURIComponent(utf8), /^[^/\\\p{Cc}]+\.md$/u)
    }),
  )
})

const CONVERSATION = {
  id: '7',
  title: '限流\n算法',
  created_at: '2026-11-22T12:00:00.000Z',
  updated_at: '2026-11-22T12:00:00.000Z',
}

test('Markdown tells who said what, and what was cut', () => {
  assert.equal(markdownHead(CONVERSATION, 'en'), '# 限流 算法\n\n2026-11-22T12:00:00.000Z\n')
  assert.match(markdownHead({ ...CONVERSATION, title: '' }, 'zh-CN'), /^# 未命名对话\n/)
  const message = {
    role: 'assistant',
    content: '```js\n1\n```',
    reasoning: 'first\n\nthen',
    state: 'stopped',
    created_at: '2026-11-22T12:00:01.000Z',
  } as const
  assert.equal(
    markdownMessage(message, 'en'),
    [
      '',
      '## Assistant (stopped)',
      '',
      '<!-- 2026-11-22T12:00:01.000Z -->',
      '',
      '> **Reasoning**',
      '>',
      '> first',
      '>',
      '> then',
      '',
      '```js\n1\n```',
      '',
    ].join('\n'),
  )
})
