/**
 * The least that a script in nginx can do for each question of the benchmark: what is asked for, in one
 * function, without settings, metrics, revocations, fallbacks, deadlines or refusals that differ. It
 * protects nothing. What the gate takes beyond it is the price of what it does more; what this takes
 * beyond the baseline no script in this nginx can avoid.
 *
 * FLOOR is put in by floor.ts: cookie, secret, question and bodies.
 */

import crypto from 'crypto'

const { cookie, secret, question, unauthenticated, overLimit } = FLOOR
const sessions = ngx.shared.floor_sessions
const refusals = ngx.shared.floor_refusals
const slots = ngx.shared.floor_slots

function textOf(header) {
  const at = header.indexOf(cookie) + cookie.length
  const end = header.indexOf(';', at)
  return end < 0 ? header.slice(at) : header.slice(at, end)
}

/** Returns `<uid> <hash>`, or undefined for a cookie that is not ours. */
function prove(text) {
  const [uid, token, mac] = text.split('.')
  const own = crypto.createHmac('sha256', secret).update(`sid.v1|${uid}|${token}`).digest('hex')
  const given = Buffer.from(mac, 'base64url').toString('hex')
  if (BigInt(`0x${own}`) ^ BigInt(`0x${given}`)) return undefined
  return `${uid} ${crypto.createHash('sha256').update(token).digest('hex')}`
}

/** Returns `<uid> <hash>` of the session cookie, which must be a good one. */
function holderIn(header) {
  const text = textOf(header)
  let holder = sessions.get(text)
  if (holder === undefined) {
    holder = prove(text)
    sessions.set(text, holder)
  }
  return holder
}

/** A session found in shared memory, and the identity told to the worker. */
function read(r) {
  const { variables } = r
  const holder = holderIn(variables.http_cookie)
  const space = holder.indexOf(' ')
  variables.gate_user = holder.slice(0, space)
  variables.gate_user_role = 'user'
  variables.gate_session = holder.slice(space + 1)
}

/** One question to Redis, a slot in shared memory, rate headers, identity. */
function admit(r) {
  const { variables } = r
  const holder = holderIn(variables.http_cookie)
  const space = holder.indexOf(' ')
  const uid = holder.slice(0, space)
  const hash = holder.slice(space + 1)
  const id = variables.request_id
  const parts = question[uid.length]
  const body = parts[0].concat(
    ...[uid, parts[1], hash, parts[2], uid, parts[3], uid, parts[4], uid, parts[5], id, parts[6]],
  )
  r.subrequest('/_redis', { body }, (answer) => {
    const words = answer.responseText.split(' ')
    if (words[0].slice(-2) !== 'ok' || words[5] !== '1') {
      r.return(words[5] === '0' ? 429 : 503)
      return
    }
    slots.add(`chat|${uid}#${Math.floor(Math.random() * 2000)}`, 1, 1000)
    variables.gate_ratelimit_policy = `"chat";q=${words[6]};w=1`
    variables.gate_ratelimit = `"chat";r=${words[7]};t=${Math.ceil(Number(words[8]) / 1000)}`
    variables.gate_user = uid
    variables.gate_user_role = words[1]
    variables.gate_session = hash
    variables.gate_slot = 'streams'
  })
}

/** A refusal found in shared memory, with its headers and the request's id in its body. */
function refuse(r) {
  const { variables } = r
  const text = textOf(variables.http_cookie)
  if (refusals.get(text) === undefined) refusals.set(text, '1')
  variables.gate_verdict = 'rate_limited'
  variables.gate_ratelimit_policy = overLimit.policy
  variables.gate_ratelimit = overLimit.state
  variables.gate_retry_after = overLimit.wait
  r.return(429, overLimit.before + variables.request_id + overLimit.after)
}

/** A false session cookie, told by its mac. */
function forged(r) {
  const { variables } = r
  if (prove(textOf(variables.http_cookie)) !== undefined) return
  variables.gate_verdict = 'unauthenticated'
  r.return(401, unauthenticated.before + variables.request_id + unauthenticated.after)
}

export default { admit, forged, read, refuse }
