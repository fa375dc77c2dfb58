/** What the stand-in says when no directive tells it what to say, in the language of the question. */

import { createHash } from 'node:crypto'
import { hasCjk } from './tokens.ts'

export interface Prose {
  /** Three sentences; less effort says fewer of them. */
  readonly reasoning: readonly string[]
  readonly content: string
}

/** Returns the default answer. It depends on nothing but the question. */
export function answerTo(question: string): Prose {
  const mark = createHash('sha256').update(question).digest('hex').slice(0, 12)
  return hasCjk(question) ? chinese(mark) : english(mark)
}

function english(mark: string): Prose {
  return {
    reasoning: [
      `The question has the mark ${mark}.`,
      ' No model is at work here, so there is nothing to work out.',
      ' I will say plainly who answers, what can be tried, and how to reach the real model.',
    ],
    content: [
      'This answer comes from a local stand-in for DeepSeek: no model has read your question. ' +
        `Its mark is \`${mark}\`, and the same question always gets the same mark.`,
      'Everything around the answer is real, so you can try:',
      '- words that arrive one by one, as from the model;\n' +
        '- stopping an answer half-way;\n' +
        '- the token counts, which are booked as usual.',
      'For real answers, add a DeepSeek API key to the service.',
    ].join('\n\n'),
  }
}

function chinese(mark: string): Prose {
  return {
    reasoning: [
      `这个问题的标记是 ${mark}。`,
      '这里没有模型在运行，不需要推理。',
      '我只需说明是谁在回答、可以试用什么，以及怎样接入真正的模型。',
    ],
    content: [
      '这是本地 DeepSeek 替身的回答，并没有模型读过您的问题。' +
        `问题的标记是 \`${mark}\`，同样的问题总会得到同样的标记。`,
      '除了回答的内容，其余都是真实的，您可以试试：',
      '- 文字像真实模型那样逐字出现；\n- 在回答中途停止；\n- 查看照常记录的 token 用量。',
      '想得到真正的回答，请为服务添加 DeepSeek API Key。',
    ].join('\n\n'),
  }
}
