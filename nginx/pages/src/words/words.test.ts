import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as en from './en.ts'
import { fill } from './fill.ts'
import * as zh from './zh-cn.ts'

type Group = Readonly<Record<string, string>>

/** Returns `group.key` → text for every word of a language. */
function flatten(language: Readonly<Record<string, Group>>): Map<string, string> {
  return new Map(
    Object.entries(language).flatMap(([group, words]) =>
      Object.entries(words).map(([key, text]): [string, string] => [`${group}.${key}`, text]),
    ),
  )
}

const placeholders = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort()

test('both languages have the same words', () => {
  assert.deepEqual([...flatten(zh).keys()].sort(), [...flatten(en).keys()].sort())
})

test('no word is empty and both languages fill in the same values', () => {
  const english = flatten(en)
  for (const [key, text] of flatten(zh)) {
    const other = english.get(key) ?? ''
    assert.ok(text.trim() !== '' && other.trim() !== '', key)
    assert.deepEqual(placeholders(text), placeholders(other), key)
  }
})

test('only the language switch speaks the other language', () => {
  for (const [key, text] of flatten(en)) {
    assert.equal(/\p{Script=Han}/u.test(text), key.startsWith('common.switchLanguage'), key)
  }
})

test('fill replaces known names and leaves unknown ones', () => {
  assert.equal(fill('{a} of {b}, {c}', { a: 1, b: 'two' }), '1 of two, {c}')
})
