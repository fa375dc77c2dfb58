import { type ReadonlySignal, signal, useComputed, useSignalEffect } from '@preact/signals'
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import type { Me } from '#contract/api.ts'
import type { Resource } from '../api/resource.ts'
import type { Drafts } from '../browser/draft.ts'
import { Notices } from '../shell/notices.tsx'
import { chat as words } from '../words/current.ts'
import { type ModelList, ModelSelect, ThinkingToggle } from './choices.tsx'
import { Composer } from './composer.tsx'
import type { Conversation } from './conversation.ts'
import type { ChatFormats } from './formats.ts'
import { SendTrouble } from './send-trouble.tsx'
import { announcement } from './status.ts'
import { Transcript } from './transcript.tsx'

export interface ChatPageProps {
  readonly account: Resource<Me>
  readonly models: Resource<ModelList>
  readonly conversation: Conversation
  readonly drafts: Drafts
  readonly formats: ChatFormats
  readonly isOnline: ReadonlySignal<boolean>
  /** What was typed before this page came to life. */
  readonly typedEarly: string
}

/** The chat. */
export function ChatPage(props: ChatPageProps) {
  const { account, models, conversation, drafts, formats, isOnline, typedEarly } = props
  const input = useRef<HTMLTextAreaElement>(null)
  const model = useMemo(() => signal<string | undefined>(undefined), [])
  const thinking = useMemo(() => signal(false), [])
  const status = useComputed(() => announcement(conversation))
  const uid = () => account.data.peek()?.id

  useLayoutEffect(() => {
    if (input.current === null) return
    input.current.value = typedEarly
    input.current.focus()
  }, [typedEarly])
  useSignalEffect(() => {
    const me = account.data.value
    if (me !== undefined && input.current?.value === '') input.current.value = drafts.load(me.id)
  })

  const send = (message: string) =>
    conversation.send(message, { model: model.value, thinking: thinking.value })
  const sendTyped = async () => {
    if (!isOnline.value || !(await send(input.current?.value ?? ''))) return
    if (input.current !== null) input.current.value = ''
    drafts.clear()
  }

  return (
    <>
      <Transcript
        conversation={conversation}
        formats={formats}
        retry={(question) => void send(question)}
      >
        <Notices account={account} />
      </Transcript>
      <div class="dock">
        {!isOnline.value && <output class="card notice">{words.offline}</output>}
        <SendTrouble conversation={conversation} />
        <Composer
          conversation={conversation}
          isOnline={isOnline}
          input={input}
          onInput={(text) => drafts.save(uid() ?? null, text)}
          onSend={() => void sendTyped()}
        >
          <ModelSelect list={models} chosen={model} />
          <ThinkingToggle isOn={thinking} />
        </Composer>
        <output class="visually-hidden">{status}</output>
      </div>
    </>
  )
}
