import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseLang } from './lang.ts'

const cases: readonly [string | undefined, string | undefined, string][] = [
  ['zh-CN', 'en', 'zh-CN'],
  ['en', 'zh-CN', 'en'],
  ['fr', 'zh', 'zh-CN'],
  [undefined, undefined, 'en'],
  [undefined, 'zh-TW,zh;q=0.9,en;q=0.8', 'zh-CN'],
  [undefined, 'en-GB,zh;q=0.9', 'en'],
  [undefined, 'fr-FR, zh-CN;q=0.5', 'zh-CN'],
  [undefined, 'zh;q=0, en', 'en'],
  [undefined, 'de', 'en'],
]

for (const [cookie, accept, expected] of cases) {
  test(`cookie ${cookie} and Accept-Language ${accept} give ${expected}`, () => {
    assert.equal(chooseLang(cookie, accept), expected)
  })
}
