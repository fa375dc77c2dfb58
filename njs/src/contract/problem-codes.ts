/** Every error code of Chatgate with its HTTP status and its words in both languages. */

import type { Lang } from './lang.ts'

interface ProblemText {
  readonly title: string
  /** May hold `{name}` placeholders, filled by makeProblem. */
  readonly detail: string
}

type ProblemDefinition = { readonly status: number } & Readonly<Record<Lang, ProblemText>>

function define(status: number, en: [string, string], zh: [string, string]): ProblemDefinition {
  return {
    status,
    en: { title: en[0], detail: en[1] },
    'zh-CN': { title: zh[0], detail: zh[1] },
  }
}

const MODEL_ACCESS = {
  en: 'Our access to the model provider has to be looked after. Please tell an administrator.',
  'zh-CN': '对模型服务的访问需要处理，请联系管理员。',
} as const

export const PROBLEMS = {
  bad_request: define(
    400,
    ['Bad request', 'The request could not be understood.'],
    ['请求无效', '无法理解该请求。'],
  ),
  invalid_json: define(
    400,
    ['Not valid JSON', 'The body is not valid JSON.'],
    ['不是有效的 JSON', '请求正文不是有效的 JSON。'],
  ),
  invalid_request: define(
    400,
    ['Invalid request', 'Some fields are missing or wrong; see "errors".'],
    ['请求参数有误', '有字段缺失或不正确，详见 errors。'],
  ),
  upstream_content_risk: define(
    400,
    ['Message refused', 'The model provider refused this content. Please rephrase the message.'],
    ['内容未通过审核', '模型服务方拒绝了这段内容，请修改后再发送。'],
  ),
  upstream_context_length: define(
    400,
    ['Conversation too long', 'The conversation no longer fits the model. Please start a new one.'],
    ['对话过长', '对话已超出模型的上下文长度，请新建对话。'],
  ),
  upstream_unknown_model: define(
    400,
    ['No such model', 'The model provider does not offer this model. Please choose another one.'],
    ['模型不存在', '模型服务方不提供该模型，请选择其他模型。'],
  ),
  upstream_rejected_request: define(
    400,
    ['Request refused by the model', 'The model provider did not accept this request.'],
    ['模型拒绝了请求', '模型服务方不接受该请求。'],
  ),
  invalid_reset_link: define(
    400,
    ['The link does not work', 'It was used, has expired or was replaced. Ask for another one.'],
    ['链接无效', '该链接已被使用、已过期或已被替换，请重新获取。'],
  ),
  unauthenticated: define(
    401,
    ['Please sign in', 'There is no valid session. Please sign in and try again.'],
    ['请先登录', '没有有效的登录状态，请登录后重试。'],
  ),
  invalid_credentials: define(
    401,
    ['Sign-in failed', 'Username or password is wrong.'],
    ['登录失败', '用户名或密码不正确。'],
  ),
  invalid_token: define(
    401,
    ['Invalid access token', 'The access token is missing, unknown, expired or revoked.'],
    ['访问令牌无效', '访问令牌缺失、不存在、已过期或已撤销。'],
  ),
  cross_site: define(
    403,
    ['Cross-site request refused', 'This request came from another site and was refused.'],
    ['已拒绝跨站请求', '该请求来自其他网站，已被拒绝。'],
  ),
  admin_only: define(
    403,
    ['Administrators only', 'This needs an administrator account.'],
    ['仅限管理员', '需要管理员账号才能访问。'],
  ),
  password_change_required: define(
    403,
    [
      'Choose your own password',
      'An administrator gave you this password. Change it before anything else.',
    ],
    ['请先修改密码', '当前密码由管理员设置，请先修改为您自己的密码。'],
  ),
  gate_required: define(
    403,
    ['Not through the gate', 'The worker only answers requests that came through the gate.'],
    ['未经网关', '后端只接受经过网关的请求。'],
  ),
  forbidden: define(403, ['Forbidden', 'This is not allowed.'], ['禁止访问', '不允许执行该操作。']),
  not_found: define(
    404,
    ['Not found', 'There is nothing at this address.'],
    ['未找到', '该地址不存在。'],
  ),
  conversation_not_found: define(
    404,
    ['Conversation not found', 'This conversation does not exist or is not yours.'],
    ['对话不存在', '该对话不存在，或不属于您。'],
  ),
  message_not_found: define(
    404,
    ['Message not found', 'There is no such message in this conversation.'],
    ['消息不存在', '该对话中没有这条消息。'],
  ),
  generation_not_found: define(
    404,
    ['Answer not found', 'This answer does not exist, is not yours or has ended.'],
    ['回答不存在', '该回答不存在、不属于您或已结束。'],
  ),
  model_not_found: define(
    404,
    ['No such model', 'There is no such model. GET /v1/models lists those that there are.'],
    ['模型不存在', '没有这个模型，可用的模型见 GET /v1/models。'],
  ),
  method_not_allowed: define(
    405,
    ['Method not allowed', 'This address does not accept this method.'],
    ['方法不允许', '该地址不接受此请求方法。'],
  ),
  answer_running: define(
    409,
    ['The answer is still running', 'Wait for the answer to end, or stop it first.'],
    ['回答尚未结束', '请等待该回答结束，或先停止它。'],
  ),
  price_in_force: define(
    409,
    ['Already in force', 'Calls are charged by this. Add what applies from a later time instead.'],
    ['价格已生效', '已有调用按此计费，请改为添加以后生效的价格。'],
  ),
  last_admin: define(
    409,
    ['The last administrator', 'There has to be an administrator who can sign in.'],
    ['最后一位管理员', '至少要保留一位可以登录的管理员。'],
  ),
  username_taken: define(
    409,
    ['Username taken', 'There is an account with this name already.'],
    ['用户名已存在', '已有使用该用户名的账号。'],
  ),
  conflict: define(
    409,
    ['Changed meanwhile', 'Somebody has changed this since you read it. Read it again first.'],
    ['内容已被修改', '该内容在您读取之后已被他人修改，请重新读取后再试。'],
  ),
  payload_too_large: define(
    413,
    ['Too large', 'The request is larger than allowed.'],
    ['内容过大', '请求内容超过允许的大小。'],
  ),
  uri_too_long: define(
    414,
    ['Address too long', 'The address is longer than allowed.'],
    ['地址过长', '请求地址超过允许的长度。'],
  ),
  unsupported_media_type: define(
    415,
    ['Unsupported content type', 'Send the body as application/json.'],
    ['不支持的内容类型', '请以 application/json 发送请求正文。'],
  ),
  header_too_large: define(
    431,
    ['Headers too large', 'The request headers are larger than allowed.'],
    ['请求头过大', '请求头超过允许的大小。'],
  ),
  rate_limited: define(
    429,
    ['Too many requests', 'At most {quota} per {window}. Please try again in {wait}.'],
    ['请求过于频繁', '每{window}最多 {quota} 次，请在 {wait}后重试。'],
  ),
  too_many_streams: define(
    429,
    ['Too many answers at once', 'At most {quota} answers can run at once. Wait for one to end.'],
    ['同时进行的回答过多', '最多同时进行 {quota} 个回答，请等待其中一个结束。'],
  ),
  quota_exhausted: define(
    429,
    [
      'Quota used up',
      'Your quota is used up, or what is left of it is reserved by running answers. It begins anew at {reset}, in {wait}.',
    ],
    [
      '额度已用完',
      '额度已用完，或剩余额度已被进行中的回答预留。额度将于 {reset} 恢复，还需 {wait}。',
    ],
  ),
  flood: define(
    429,
    ['Too many requests', 'Too many requests from this address. Please slow down.'],
    ['请求过于频繁', '来自该地址的请求过多，请放慢速度。'],
  ),
  // For programs, which tell a 429 from a 503; people are told that the model is busy.
  upstream_rate_limited: define(
    429,
    ['The model is busy', 'The model provider takes no more calls just now. Please try again.'],
    ['模型繁忙', '模型服务当前无法接受更多请求，请稍后重试。'],
  ),
  internal: define(
    500,
    ['Something went wrong', 'An unexpected error happened. Please quote the request id.'],
    ['服务出错', '发生意外错误，反馈时请附上请求编号。'],
  ),
  upstream_unavailable: define(
    502,
    ['The model cannot be reached', 'The model provider does not answer. Please try again.'],
    ['无法连接模型', '模型服务暂无响应，请稍后重试。'],
  ),
  upstream_interrupted: define(
    502,
    ['The answer was cut off', 'The model provider ended the answer early.'],
    ['回答中断', '模型服务方提前结束了回答。'],
  ),
  worker_unavailable: define(
    503,
    ['Service restarting', 'The service behind the gate does not answer. Please try again.'],
    ['服务正在恢复', '后端服务暂无响应，请稍后重试。'],
  ),
  session_store_unavailable: define(
    503,
    ['Sign-in state unavailable', 'Sessions cannot be checked right now. Please try again.'],
    ['暂时无法验证登录', '当前无法验证登录状态，请稍后重试。'],
  ),
  limits_unavailable: define(
    503,
    ['Limits unavailable', 'Limits cannot be counted right now. Please try again.'],
    ['暂时无法计数', '当前无法统计请求次数，请稍后重试。'],
  ),
  storage_unavailable: define(
    503,
    ['Storage unavailable', 'The database does not answer. Please try again.'],
    ['存储暂不可用', '数据库暂无响应，请稍后重试。'],
  ),
  no_upstream_key: define(
    503,
    ['No API key yet', 'An administrator has to add a DeepSeek API key first.'],
    ['尚未配置 API Key', '请管理员先添加 DeepSeek API Key。'],
  ),
  // In the same words: what our account at the provider is like is for administrators to see.
  upstream_key_rejected: define(
    503,
    ['The model is not available', MODEL_ACCESS.en],
    ['模型暂不可用', MODEL_ACCESS['zh-CN']],
  ),
  upstream_balance: define(
    503,
    ['The model is not available', MODEL_ACCESS.en],
    ['模型暂不可用', MODEL_ACCESS['zh-CN']],
  ),
  upstream_busy: define(
    503,
    ['The model is busy', 'The model provider is overloaded. Please try again.'],
    ['模型繁忙', '模型服务当前过载，请稍后重试。'],
  ),
  shutting_down: define(
    503,
    ['Service restarting', 'The service is being restarted. Please try again.'],
    ['服务正在重启', '服务正在重启，请稍后重试。'],
  ),
  upstream_timeout: define(
    504,
    ['The model took too long', 'The model did not answer in time. Please try again.'],
    ['模型响应超时', '模型未能及时回答，请重试。'],
  ),
} as const satisfies Readonly<Record<string, ProblemDefinition>>

export type ProblemCode = keyof typeof PROBLEMS

/** Returns true if the text is one of our codes. */
export function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(PROBLEMS, text)
}
