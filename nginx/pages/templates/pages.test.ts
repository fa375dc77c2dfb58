import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Lang } from '#contract/lang.ts'
import * as en from '../src/words/en.ts'
import * as zhCN from '../src/words/zh-cn.ts'
import { type Words, writeDocument } from './page.ts'
import { PAGES } from './pages.ts'

const WORDS: Readonly<Record<Lang, Words>> = { 'zh-CN': zhCN, en }
const LANGS: readonly Lang[] = ['zh-CN', 'en']

/** Every page in every language, as text. */
const documents = LANGS.flatMap((lang) =>
  PAGES.map((page) => {
    const context = {
      lang,
      words: WORDS[lang],
      style: '/assets/s.css',
      icon: '/assets/i.svg',
      script: page.script === undefined ? undefined : '/assets/s.js',
    }
    return { name: page.name, lang, source: writeDocument(context, page.write(context)) }
  }),
)

test('no page holds what the Content-Security-Policy refuses', () => {
  for (const { name, lang, source } of documents) {
    assert.doesNotMatch(source, /<style|\sstyle=|\son[a-z]+=|javascript:/i, `${lang}/${name}`)
    for (const [tag] of source.matchAll(/<script[^>]*>/g)) {
      assert.equal(tag, '<script type="module" src="/assets/s.js">', `${lang}/${name}`)
    }
  }
})

test('every page says its language, its title and has one main part', () => {
  for (const { name, lang, source } of documents) {
    assert.match(source, new RegExp(`^<!doctype html>\\n<html lang="${lang}">`), name)
    assert.match(source, /<title>[^<]+ · Chatgate<\/title>/, name)
    assert.equal(source.match(/<main/g)?.length, 1, name)
    assert.equal(source.match(/<h1/g)?.length, 1, name)
  }
})

test('no page was written with a missing value', () => {
  for (const { name, source } of documents) {
    assert.doesNotMatch(source, /undefined|\[object|\bnull\b|\bfalse\b(?!")/, name)
  }
})

test('every label leads to its input', () => {
  for (const { name, source } of documents) {
    for (const [, id] of source.matchAll(/<label for="([^"]+)"/g)) {
      assert.match(source, new RegExp(`<input[^>]* id="${id}"`), name)
    }
  }
})

test('the login form works without script', () => {
  const login = documents.find(({ name }) => name === 'login')?.source ?? ''
  assert.match(login, /<form method="post" action="\/login">/)
  assert.match(login, /name="username" autocomplete="username"/)
  assert.match(login, /name="password" type="password" autocomplete="current-password"/)
  assert.match(login, /<input type="hidden" name="next" value="">/)
  assert.match(login, /id="failed"/)
  assert.match(login, /id="must-change"/)
})
