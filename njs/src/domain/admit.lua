-- Session, limits: one atomic step. Nothing is written unless the request is admitted, so a refused
-- call costs the subject nothing; a repeated request id is admitted again without being counted.
--
-- The limit is a sliding log on Redis' own clock: one sorted-set member per admitted request, scored
-- in microseconds. It is the only common algorithm that keeps "at most q in any w seconds".
--
-- KEYS    with a session: the session hash, the user hash; then one sorted set per policy
-- ARGV    request id, '1' with a session or '0', idle s, absolute s, touch s; then q and w (s) per policy
-- returns {'none'}                               no session, or it has ended
--         {'ok', role, epoch, admitted, (remaining, reset ms) per policy}    role and epoch '' without a session
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local now_s = tonumber(time[1])
local request_id = ARGV[1]
local role, epoch = '', ''
local first = 1

if ARGV[2] == '1' then
  first = 3
  local session = redis.call('HMGET', KEYS[1], 'created', 'last', 'epoch')
  local user = redis.call('HMGET', KEYS[2], 'epoch', 'state', 'role')
  if not session[1] or not user[1] or user[1] ~= session[3] or user[2] ~= 'enabled' then
    return { 'none' }
  end
  local idle, absolute, touch = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
  local age, rest = now_s - tonumber(session[1]), now_s - tonumber(session[2])
  if age >= absolute or rest >= idle then
    redis.call('DEL', KEYS[1])
    return { 'none' }
  end
  if rest >= touch then
    redis.call('HSET', KEYS[1], 'last', now_s)
    redis.call('EXPIRE', KEYS[1], math.min(idle, absolute - age))
  end
  role, epoch = user[3], user[1]
end

local reply = { 'ok', role, epoch, 1 }
local fresh = {}
for key = first, #KEYS do
  local at = 6 + (key - first) * 2
  local quota, window = tonumber(ARGV[at]), ARGV[at + 1] * 1000000
  redis.call('ZREMRANGEBYSCORE', KEYS[key], '-inf', string.format('%.0f', now - window))
  local used = redis.call('ZCARD', KEYS[key])
  local seen = redis.call('ZSCORE', KEYS[key], request_id)
  if not seen then
    if used >= quota then reply[4] = 0 else fresh[#fresh + 1] = key end
  end
  -- The slot that frees itself next; after a quota was lowered that is not the oldest entry.
  local next_free = math.max(0, used - quota)
  local entry = redis.call('ZRANGE', KEYS[key], next_free, next_free, 'WITHSCORES')
  local reset = 0
  if entry[2] then reset = math.ceil((entry[2] + window - now) / 1000) end
  reply[#reply + 1] = math.max(0, quota - used)
  reply[#reply + 1] = reset
end

if reply[4] == 1 then
  for _, key in ipairs(fresh) do
    local window = tonumber(ARGV[7 + (key - first) * 2])
    redis.call('ZADD', KEYS[key], string.format('%.0f', now), request_id)
    redis.call('EXPIRE', KEYS[key], window)
    local at = 5 + (key - first) * 2
    reply[at] = reply[at] - 1
    if reply[at + 1] == 0 then reply[at + 1] = window * 1000 end
  end
end
return reply
