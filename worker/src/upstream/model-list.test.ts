import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FALLBACK_MODELS, parseModelList } from './model-list.ts'

test("DeepSeek's list is read with names and one default", () => {
  const text = JSON.stringify({
    object: 'list',
    data: [
      { id: 'deepseek-v4-pro', object: 'model', owned_by: 'deepseek', name: 'DeepSeek-V4-Pro' },
      {
        id: 'deepseek-flash',
        object: 'model',
        output_modalities: ['text'],
        context_window: 64_000,
        max_output_tokens: 8000,
      },
      { id: 'deepseek-draw', object: 'model', output_modalities: ['image'] },
    ],
  })
  assert.deepEqual(parseModelList(text), [
    {
      id: 'deepseek-v4-pro',
      name: 'DeepSeek-V4-Pro',
      context_window: 1_048_576,
      max_output_tokens: 393_216,
      default: false,
    },
    {
      id: 'deepseek-flash',
      name: 'deepseek-flash',
      context_window: 64_000,
      max_output_tokens: 8000,
      default: true,
    },
  ])
})

test('without the usual default the first model is it', () => {
  const text = JSON.stringify({ data: [{ id: 'a/b:c' }, { id: 'd' }] })
  assert.deepEqual(
    parseModelList(text).map((model) => model.default),
    [true, false],
  )
})

test('a window that is no number of tokens is not believed', () => {
  for (const wrong of [0, -1, 1.5, '64000', null, 1e300]) {
    const text = JSON.stringify({ data: [{ id: 'm', context_window: wrong }] })
    assert.equal(parseModelList(text)[0]?.context_window, 1_048_576, String(wrong))
  }
})

test('what is no list gives no models', () => {
  for (const text of ['', '[]', '{}', '{"data":{}}', '{"data":[1,{},{"id":"bad id"}]}', '<html>']) {
    assert.deepEqual(parseModelList(text), [], text)
  }
})

test('the fallback has exactly one default', () => {
  assert.deepEqual(
    FALLBACK_MODELS.filter((model) => model.default).map(({ id }) => id),
    ['deepseek-flash'],
  )
})
