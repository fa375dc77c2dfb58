#!lua flags=allow-oom
-- Session or access token, limits and stream slots: one atomic step. Nothing is written unless the
-- request is admitted, so a refused call costs the subject nothing; a repeated request id is admitted
-- again without being counted.
--
-- A limit is a sliding log on Redis' own clock: one sorted-set member per admitted request, scored in
-- microseconds. It is the only common algorithm that keeps "at most q in any w seconds". A stream slot
-- is a member scored with the time at which it lapses unless the worker renews it.
--
-- allow-oom: a Redis that is full takes no sign-ins, but who is signed in goes on; what is written here
-- is small and lapses. A Redis that must not write refuses the script as a whole, not now and then.
--
-- KEYS    unless nobody has to be signed in: the session's or token's hash, the user's hash; then one
--         sorted set per policy
-- ARGV    request id; 's' session, 't' token or '-' nobody; idle s, absolute s, touch s; then per policy
--         'w' window or 'c' concurrent, q, w (s), its name among the holder's own limits, or ''
-- returns one text of words: 'none' for a credential that is over, 'miss' for a token or its user that
--         Redis does not know, else
--         ok <role> <epoch> <own limits> <token id> <1 admitted, 0 refused> {<q> <remaining> <reset ms>}
--         with '-' for an empty word
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local now_s = tonumber(time[1])
local request_id, kind = ARGV[1], ARGV[2]
local role, epoch, own_limits, token_id, token_limits = '-', '-', '', '-', ''
local first = 1

if kind ~= '-' then
  first = 3
  local user = redis.call('HMGET', KEYS[2], 'epoch', 'state', 'role', 'limits')
  -- Half a copy is none: nobody is let in by it, and an error here would look like a broken Redis.
  local known = user[1] and user[3]
  if kind == 's' then
    local session = redis.call('HMGET', KEYS[1], 'created', 'last', 'epoch')
    local complete = known and session[1] and session[2]
    if not complete or user[2] ~= 'enabled' or user[1] ~= session[3] then return 'none' end
    local idle, absolute = tonumber(ARGV[3]), tonumber(ARGV[4])
    local age, rest = now_s - session[1], now_s - session[2]
    if age >= absolute or rest >= idle then
      redis.call('DEL', KEYS[1])
      return 'none'
    end
    if rest >= tonumber(ARGV[5]) then
      redis.call('HSET', KEYS[1], 'last', now_s)
      redis.call('EXPIRE', KEYS[1], math.min(idle, absolute - age))
    end
  else
    local token = redis.call('HMGET', KEYS[1], 'id', 'expires', 'limits')
    if not token[1] or not known then return 'miss' end
    local over = token[2] and token[2] ~= '' and now_s >= tonumber(token[2])
    if over or user[2] ~= 'enabled' then return 'none' end
    token_id, token_limits = token[1], token[3] or ''
  end
  epoch, role, own_limits = user[1], user[3], user[4] or ''
  -- Under names that no user's own limit has (own-limits.ts).
  if token_limits ~= '' then
    own_limits = own_limits == '' and token_limits or own_limits .. ',' .. token_limits
  end
end

local function own_quota(name)
  if name == '' or own_limits == '' then return nil end
  local limits = ',' .. own_limits
  local _, last = string.find(limits, ',' .. name .. '=', 1, true)
  return last and tonumber(string.match(limits, '^%d+', last + 1))
end

-- Lua's own text of a number this large is not exact.
local function whole(value) return string.format('%.0f', value) end

local admitted = '1'
local fresh = {}
local states = {}
for key = first, #KEYS do
  local at = 6 + (key - first) * 4
  local concurrent, window = ARGV[at] == 'c', ARGV[at + 2] * 1000000
  local quota = own_quota(ARGV[at + 3]) or tonumber(ARGV[at + 1])
  -- Scores of a concurrent policy are in the future: there only what has lapsed is dropped.
  local outdated = concurrent and now or now - window
  redis.call('ZREMRANGEBYSCORE', KEYS[key], '-inf', whole(outdated))
  local used = redis.call('ZCARD', KEYS[key])
  if used == 0 or not redis.call('ZSCORE', KEYS[key], request_id) then
    if used >= quota then
      admitted = '0'
    else
      local score = concurrent and now + window or now
      fresh[#fresh + 1] = { KEYS[key], whole(score), ARGV[at + 2], #states }
    end
  end
  local reset = 0
  if used > 0 then
    -- The slot that frees itself next; after a quota was lowered that is not the oldest entry.
    local next_free = math.max(0, used - quota)
    local entry = redis.call('ZRANGE', KEYS[key], next_free, next_free, 'WITHSCORES')
    reset = math.ceil((entry[2] - outdated) / 1000)
  end
  states[#states + 1] = quota
  states[#states + 1] = math.max(0, quota - used)
  states[#states + 1] = reset
end

if admitted == '1' then
  for _, entry in ipairs(fresh) do
    local key, score, seconds, at = entry[1], entry[2], entry[3], entry[4]
    redis.call('ZADD', key, score, request_id)
    -- Not EXPIRE: it counts from the last whole millisecond, so the set could go before its last entry.
    redis.call('PEXPIREAT', key, whole(math.ceil(now / 1000) + seconds * 1000))
    states[at + 2] = states[at + 2] - 1
    if states[at + 3] == 0 then states[at + 3] = seconds * 1000 end
  end
end

if own_limits == '' then own_limits = '-' end
local words = { 'ok', role, epoch, own_limits, token_id, admitted }
return table.concat(words, ' ') .. (#states > 0 and ' ' .. table.concat(states, ' ') or '')
