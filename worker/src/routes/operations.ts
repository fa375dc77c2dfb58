/** Every operation of the API, in the order in which the document shows them. */

import type { WorkerEnv } from '../env.ts'
import { ADMIN_ACCOUNT_OPERATIONS } from './admin-accounts.ts'
import { ADMIN_AUDIT_OPERATIONS } from './admin-audit.ts'
import { ADMIN_GENERATION_OPERATIONS } from './admin-generations.ts'
import { ADMIN_KEY_TEST_OPERATIONS } from './admin-key-tests.ts'
import { ADMIN_KEY_OPERATIONS } from './admin-keys.ts'
import { ADMIN_LOG_OPERATIONS } from './admin-logs.ts'
import { ADMIN_PRICE_OPERATIONS } from './admin-prices.ts'
import { ADMIN_QUOTA_OPERATIONS } from './admin-quotas.ts'
import { ADMIN_SESSION_OPERATIONS } from './admin-sessions.ts'
import { ADMIN_TOKEN_OPERATIONS } from './admin-tokens.ts'
import { ADMIN_USAGE_OPERATIONS } from './admin-usage.ts'
import { ADMIN_USER_OPERATIONS } from './admin-users.ts'
import { chatOperations } from './chat-operations.ts'
import { CONVERSATION_EXPORT_OPERATIONS } from './conversation-export.ts'
import { CONVERSATION_SEARCH_OPERATIONS } from './conversation-search.ts'
import { CONVERSATION_OPERATIONS } from './conversations.ts'
import { LOGIN_OPERATIONS } from './login.ts'
import { LOGOUT_OPERATIONS } from './logout.ts'
import { ME_OPERATIONS } from './me.ts'
import { MODEL_OPERATIONS } from './models.ts'
import { OPENAPI_OPERATIONS } from './openapi.ts'
import type { OperationSpec } from './operation.ts'
import { PASSWORD_OPERATIONS } from './password.ts'
import { PASSWORD_RESET_OPERATIONS } from './password-reset.ts'
import { PROFILE_OPERATIONS } from './profile.ts'
import { QUOTA_OPERATIONS } from './quota.ts'
import { SESSION_OPERATIONS } from './sessions.ts'
import { TOKEN_OPERATIONS } from './tokens.ts'
import { USAGE_OPERATIONS } from './usage.ts'
import { V1_CHAT_OPERATIONS } from './v1-chat.ts'
import { V1_MODEL_OPERATIONS } from './v1-models.ts'

/** Returns them as they are under these settings. */
export function allOperations({ limits }: Pick<WorkerEnv, 'limits'>): readonly OperationSpec[] {
  return [
    ...LOGIN_OPERATIONS,
    ...LOGOUT_OPERATIONS,
    ...ME_OPERATIONS,
    ...PROFILE_OPERATIONS,
    ...PASSWORD_OPERATIONS,
    ...PASSWORD_RESET_OPERATIONS,
    ...SESSION_OPERATIONS,
    ...TOKEN_OPERATIONS,
    ...QUOTA_OPERATIONS,
    ...USAGE_OPERATIONS,
    ...Object.values(chatOperations(limits)),
    ...MODEL_OPERATIONS,
    ...CONVERSATION_OPERATIONS,
    ...CONVERSATION_SEARCH_OPERATIONS,
    ...CONVERSATION_EXPORT_OPERATIONS,
    ...ADMIN_USER_OPERATIONS,
    ...ADMIN_ACCOUNT_OPERATIONS,
    ...ADMIN_SESSION_OPERATIONS,
    ...ADMIN_TOKEN_OPERATIONS,
    ...ADMIN_QUOTA_OPERATIONS,
    ...ADMIN_KEY_OPERATIONS,
    ...ADMIN_KEY_TEST_OPERATIONS,
    ...ADMIN_PRICE_OPERATIONS,
    ...ADMIN_GENERATION_OPERATIONS,
    ...ADMIN_USAGE_OPERATIONS,
    ...ADMIN_LOG_OPERATIONS,
    ...ADMIN_AUDIT_OPERATIONS,
    ...V1_CHAT_OPERATIONS,
    ...V1_MODEL_OPERATIONS,
    ...OPENAPI_OPERATIONS,
  ]
}
