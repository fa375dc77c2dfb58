/** The worker's HTTP side: what happens to every request, and where the routes are. */

import { Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { isSameSite } from '#contract/cross-site.ts'
import { answerErrors, answerUnknown } from './answers.ts'
import type { App, AppEnv } from './context.ts'
import type { Deps } from './deps.ts'
import { Failure } from './failure.ts'
import { demandOwnPassword } from './password-guard.ts'
import { requestContext } from './request-context.ts'
import { requestLog } from './request-log.ts'
import { adminAccountRoutes } from './routes/admin-accounts.ts'
import { adminAuditRoutes } from './routes/admin-audit.ts'
import { adminGenerationRoutes } from './routes/admin-generations.ts'
import { adminKeyTestRoutes } from './routes/admin-key-tests.ts'
import { adminKeyRoutes } from './routes/admin-keys.ts'
import { adminLogRoutes } from './routes/admin-logs.ts'
import { adminPriceRoutes } from './routes/admin-prices.ts'
import { adminQuotaRoutes } from './routes/admin-quotas.ts'
import { adminSessionRoutes } from './routes/admin-sessions.ts'
import { adminTokenRoutes } from './routes/admin-tokens.ts'
import { adminUsageRoutes } from './routes/admin-usage.ts'
import { adminUserRoutes } from './routes/admin-users.ts'
import { chatRoutes } from './routes/chat.ts'
import { conversationExportRoutes } from './routes/conversation-export.ts'
import { conversationSearchRoutes } from './routes/conversation-search.ts'
import { conversationRoutes } from './routes/conversations.ts'
import { healthRoutes } from './routes/health.ts'
import { loginRoutes } from './routes/login.ts'
import { logoutRoutes } from './routes/logout.ts'
import { meRoutes } from './routes/me.ts'
import { modelRoutes } from './routes/models.ts'
import { openApiRoutes } from './routes/openapi.ts'
import { allOperations } from './routes/operations.ts'
import { passwordRoutes } from './routes/password.ts'
import { passwordResetRoutes } from './routes/password-reset.ts'
import { profileRoutes } from './routes/profile.ts'
import { quotaRoutes } from './routes/quota.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { tokenRoutes } from './routes/tokens.ts'
import { usageRoutes } from './routes/usage.ts'
import { v1ChatRoutes } from './routes/v1-chat.ts'
import { v1ModelRoutes } from './routes/v1-models.ts'
import { releaseUnusedSlot } from './slot-guard.ts'

/** Returns the whole application; it opens nothing and can be asked with `app.request()`. */
export function createApp(deps: Deps): App {
  const app: App = new Hono<AppEnv>()
  answerErrors(app, deps.log)
  app.use(requestLog(deps.log))
  app.use(noStore)
  app.use(lastOnConnection(deps.isDraining))
  app.use(requestContext(deps.env.workerSecret))
  app.use(releaseUnusedSlot(deps.slots))
  app.use(refuseForgery)
  app.use(demandOwnPassword(deps.passwordDuty))
  app.use(
    bodyLimit({
      // Nginx has the same limit; this one holds if somebody raises that.
      maxSize: deps.env.limits.bodyBytes,
      onError: () => {
        throw new Failure('payload_too_large')
      },
    }),
  )
  for (const routes of [
    healthRoutes,
    loginRoutes,
    logoutRoutes,
    meRoutes,
    profileRoutes,
    passwordRoutes,
    passwordResetRoutes,
    sessionRoutes,
    tokenRoutes,
    quotaRoutes,
    chatRoutes,
    // Its address looks like that of a conversation, so it comes first.
    conversationSearchRoutes,
    conversationExportRoutes,
    conversationRoutes,
    modelRoutes,
    usageRoutes,
    adminUsageRoutes,
    adminKeyRoutes,
    adminKeyTestRoutes,
    adminLogRoutes,
    adminUserRoutes,
    adminAccountRoutes,
    adminSessionRoutes,
    adminPriceRoutes,
    adminGenerationRoutes,
    adminAuditRoutes,
    v1ChatRoutes,
    adminTokenRoutes,
    adminQuotaRoutes,
    v1ModelRoutes,
  ]) {
    app.route('/', routes(deps))
  }
  app.route(
    '/',
    openApiRoutes(() => allOperations(deps.env)),
  )
  answerUnknown(app)
  return app
}

/** Answers are for one person at one time, unless a route says otherwise. */
const noStore: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next()
  if (!c.res.headers.has('Cache-Control')) c.res.headers.set('Cache-Control', 'no-store')
}

/** Tells nginx not to send another request on a connection that is about to close. */
function lastOnConnection(isDraining: () => boolean): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next()
    if (isDraining()) c.res.headers.set('Connection', 'close')
  }
}

/**
 * The gate checks the same; a hole there must not be a hole here. A program's token is sent by nobody
 * but the program, which may well be a desktop application that calls itself another site.
 */
const refuseForgery: MiddlewareHandler<AppEnv> = async (c, next) => {
  const isProgram = c.var.program !== undefined && c.var.identity === undefined
  const sameSite = isSameSite({
    method: c.req.method,
    secFetchSite: c.req.header('Sec-Fetch-Site'),
    origin: c.req.header('Origin'),
    host: c.req.header('Host'),
  })
  if (!isProgram && !sameSite) throw new Failure('cross_site')
  await next()
}
