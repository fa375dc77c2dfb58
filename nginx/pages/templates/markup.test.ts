import assert from 'node:assert/strict'
import { test } from 'node:test'
import { escapeText, html } from './markup.ts'

test('values are escaped, markup is not escaped twice', () => {
  const item = html`<b title="${'"x"'}">${'<i> & co'}</b>`
  assert.equal(item.source, '<b title="&#34;x&#34;">&#60;i&#62; &#38; co</b>')
  assert.equal(html`<p>${item}${[item, item]}</p>`.source, `<p>${item.source.repeat(3)}</p>`)
})

test('false and undefined write nothing, 0 is written', () => {
  assert.equal(html`a${false}b${undefined}c${0}`.source, 'abc0')
})

test('nothing that ends an attribute or opens a tag survives', () => {
  assert.doesNotMatch(escapeText('\'"<>&'), /['"<>]|&(?!#\d+;)/)
})
