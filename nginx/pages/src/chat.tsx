/** Entry of the chat page. */

import { render } from 'preact'
import { createResource } from './api/resource.ts'
import { createDrafts } from './browser/draft.ts'
import { find } from './browser/find.ts'
import { followOnline } from './browser/online.ts'
import { ChatPage } from './chat/chat-page.tsx'
import type { ModelList } from './chat/choices.tsx'
import { createConversation } from './chat/conversation.ts'
import { createChatFormats } from './chat/formats.ts'
import { nextFrame } from './chat/frame-batch.ts'
import { openSignedInPage } from './shell/page.ts'

const { api, account, lang, main } = openSignedInPage()
const models = createResource(() => api.get<ModelList>('/api/models'))
void models.load()
const typedEarly = find('textarea', HTMLTextAreaElement).value
main.replaceChildren()
render(
  <ChatPage
    account={account}
    models={models}
    conversation={createConversation({ api, schedule: nextFrame, now: Date.now })}
    drafts={createDrafts(() => localStorage)}
    formats={createChatFormats(lang)}
    isOnline={followOnline()}
    typedEarly={typedEarly}
  />,
  main,
)
