/**
 * The script that counts quotas in Redis. It rests on one rule: while the state of a user is valid, a call
 * has a hold exactly if what it uses is not yet in `used`. So an end of a call is counted once, however often
 * it is told; and whatever does not fit the rule (a hold that lapsed, an end without a hold, another run of
 * Redis) makes the state invalid, to be made anew of what MySQL knows (quota-usage.ts).
 *
 * Numbers are whole: tokens, and money in 10^-10. They are exact up to 2^53, where `used` stays; no quota is
 * that large.
 *
 * KEYS    state, holds, run (redis-keys.ts)
 *   state: `run`, `gen` (changes with everything that a sum read before it cannot know), `until` (ms), and
 *   per owner `<owner>:tag`, per owner and period `<owner>:<period>` (its start, Unix ms of the workers'
 *   clocks) and `<owner>:<period>:tokens` and `…:money`
 *   holds: by request id `<lapses, ms> <at, Unix ms> <tokens> <money> <token id or ->`
 * ARGV    what to do, run of Redis, and:
 *   reserve  id, at, lease ms, grace ms, token id or -, tokens and money of the prompt, tokens wanted, money
 *            per token of the answer, least tokens; then per quota owner, tag, unit, period, start, amount
 *            → ok <granted> <tokens> <money> <at> | full <quota index>… | wait <ms>
 *            | rebuild <gen> <id>… with the holds that there are
 *   settle   id, tokens, money      → 1 counted; 0 the state is to be made anew
 *   release  id                     → 1 if there was a hold
 *   renew    lease ms, then per call id and 1 if it runs, 0 if it has only not been settled
 *            → the ids without a hold
 *   fill     lease ms, gen, life ms, then number and ids of settled calls, number of open ones and per call
 *            id, at, tokens, money, token id or -, then per account owner, tag, period, start, tokens, money
 *            → 1; 0 if something has happened since `gen`
 */
export const QUOTA_SCRIPT = `
local state, holds, run_key = KEYS[1], KEYS[2], KEYS[3]
local what, run = ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local MOST = 9007199254740992
local STATE_MS, HOLDS_MS = 43200000, 86400000

local function whole(value) return string.format('%.0f', value) end

-- Lapses later than any state, so that no hold goes unnoticed.
local function keep() redis.call('PEXPIRE', holds, HOLDS_MS) end

local function invalidate(why)
  redis.call('DEL', state)
  redis.call('HSET', state, 'gen', why)
  redis.call('PEXPIRE', state, STATE_MS)
end

-- Drops a state that may not be believed.
local function check_run()
  local known = redis.call('HMGET', run_key, 'run', 'since')
  local since = tonumber(known[2])
  if known[1] ~= run or not since then
    since = now
    redis.call('HSET', run_key, 'run', run, 'since', whole(now))
  end
  local of = redis.call('HMGET', state, 'run', 'until')
  if of[1] and (of[1] ~= run or now >= tonumber(of[2])) then
    invalidate('over:' .. whole(now) .. run)
  end
  return since
end

local function parse(hold)
  local lapses, at, tokens, money, token = string.match(hold, '^(%d+) (%d+) (%d+) (%d+) (%S+)$')
  return {
    lapses = tonumber(lapses), at = tonumber(at),
    tokens = tonumber(tokens), money = tonumber(money), token = token,
  }
end

local function hold_text(lapses, at, tokens, money, token)
  return table.concat({ whole(lapses), at, tokens, money, token }, ' ')
end

-- Returns the holds of others, without those whose worker is gone.
local function live_holds(id)
  local all, live, ids, lapsed = redis.call('HGETALL', holds), {}, {}, false
  for i = 1, #all, 2 do
    local hold = parse(all[i + 1])
    if hold.lapses <= now then
      redis.call('HDEL', holds, all[i])
      lapsed = true
    elseif all[i] ~= id then
      live[#live + 1] = hold
      ids[#ids + 1] = all[i]
    end
  end
  -- What their calls have used is in MySQL, now or when somebody has settled them.
  if lapsed then invalidate('lapsed:' .. whole(now) .. id) end
  return live, ids
end

local function counts(hold, owner, start)
  return hold.at >= start and (owner == 'u' or owner == 't' .. hold.token)
end

if what == 'reserve' then
  local id, at, lease, grace, token = ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6], ARGV[7]
  local prompt_tokens, prompt_money = tonumber(ARGV[8]), tonumber(ARGV[9])
  local granted, price, least = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
  local since = check_run()
  local live, ids = live_holds(id)
  for i = 13, #ARGV, 6 do
    if redis.call('HGET', state, ARGV[i] .. ':tag') ~= ARGV[i + 1] then
      local rest = since + grace - now
      if rest > 0 then return 'wait ' .. whole(rest) end
      redis.call('HSETNX', state, 'gen', 'new:' .. whole(now) .. id)
      redis.call('HSET', state, 'run', run)
      redis.call('HSETNX', state, 'until', whole(now + STATE_MS))
      redis.call('PEXPIRE', state, STATE_MS)
      table.insert(ids, 1, redis.call('HGET', state, 'gen'))
      return 'rebuild ' .. table.concat(ids, ' ')
    end
  end
  local full = {}
  for i = 13, #ARGV, 6 do
    local owner, unit, start, amount = ARGV[i], ARGV[i + 2], ARGV[i + 4], tonumber(ARGV[i + 5])
    local account = owner .. ':' .. ARGV[i + 3]
    local of = redis.call('HMGET', state, account, account .. ':' .. unit)
    local begun, used = tonumber(of[1]), tonumber(of[2])
    if begun < tonumber(start) then
      redis.call('HSET', state, account, start, account .. ':tokens', '0', account .. ':money', '0')
      begun, used = tonumber(start), 0
    end
    -- By a clock that is ahead the next period has begun: then it has for everybody.
    at = math.max(at, begun)
    local left = amount - used
    for _, hold in ipairs(live) do
      if counts(hold, owner, begun) then left = left - hold[unit] end
    end
    local room
    if unit == 'tokens' then
      room = left - prompt_tokens
    else
      local rest = left - prompt_money
      room = price > 0 and math.floor(rest / price) or (rest >= 0 and granted or -1)
      if price == 0 and rest >= 0 then room = math.max(room, least) end
    end
    if room < least then full[#full + 1] = whole((i - 13) / 6) end
    granted = math.min(granted, room)
  end
  if #full > 0 then return 'full ' .. table.concat(full, ' ') end
  local tokens, money = whole(prompt_tokens + granted), whole(prompt_money + granted * price)
  redis.call('HSET', holds, id, hold_text(now + lease, whole(at), tokens, money, token))
  keep()
  return table.concat({ 'ok', whole(granted), tokens, money, whole(at) }, ' ')
end

if what == 'settle' then
  local id, tokens, money = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
  check_run()
  local text = redis.call('HGET', holds, id)
  if not text then
    invalidate('ended:' .. id)
    return 0
  end
  local hold = parse(text)
  redis.call('HDEL', holds, id)
  redis.call('HSET', state, 'gen', 'ended:' .. id)
  redis.call('PEXPIRE', state, STATE_MS)
  for _, owner in ipairs({ 'u', 't' .. hold.token }) do
    for _, period in ipairs({ 'day', 'month' }) do
      local account = owner .. ':' .. period
      local of = redis.call('HMGET', state, account, account .. ':tokens', account .. ':money')
      if of[1] and hold.at >= tonumber(of[1]) then
        redis.call('HSET', state,
          account .. ':tokens', whole(math.min(MOST, of[2] + tokens)),
          account .. ':money', whole(math.min(MOST, of[3] + money)))
      end
    end
  end
  return 1
end

if what == 'release' then return redis.call('HDEL', holds, ARGV[3]) end

if what == 'renew' then
  check_run()
  local lapses, missing = now + ARGV[3], {}
  local is_lost = false
  for i = 4, #ARGV, 2 do
    local text = redis.call('HGET', holds, ARGV[i])
    if text then
      local rest = string.match(text, ' .*$')
      redis.call('HSET', holds, ARGV[i], whole(lapses) .. rest)
      keep()
    else
      missing[#missing + 1] = ARGV[i]
      is_lost = is_lost or ARGV[i + 1] == '1'
    end
  end
  if is_lost then invalidate('lost:' .. whole(now) .. missing[1]) end
  return missing
end

if what == 'fill' then
  local lease, gen, life = ARGV[3], ARGV[4], ARGV[5]
  check_run()
  local of = redis.call('HMGET', state, 'gen', 'run')
  if of[1] ~= gen or of[2] ~= run then return 0 end
  local at, rebuilt = 6, {}
  local settled_from, settled = at + 1, tonumber(ARGV[at])
  local open_from, open = settled_from + settled + 1, tonumber(ARGV[settled_from + settled])
  local accounts_from = open_from + open * 5
  for i = accounts_from, #ARGV, 6 do rebuilt[ARGV[i]] = true end
  -- Their ends are in the sums already, but not in those of other owners.
  for i = settled_from, settled_from + settled - 1 do
    local text = redis.call('HGET', holds, ARGV[i])
    if text then
      redis.call('HDEL', holds, ARGV[i])
      for _, owner in ipairs({ 'u', 't' .. parse(text).token }) do
        if not rebuilt[owner] then redis.call('HDEL', state, owner .. ':tag') end
      end
    end
  end
  for i = open_from, accounts_from - 1, 5 do
    redis.call('HSETNX', holds, ARGV[i],
      hold_text(now + lease, ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]))
  end
  keep()
  for i = accounts_from, #ARGV, 6 do
    local account = ARGV[i] .. ':' .. ARGV[i + 2]
    redis.call('HSET', state, ARGV[i] .. ':tag', ARGV[i + 1], account, ARGV[i + 3],
      account .. ':tokens', ARGV[i + 4], account .. ':money', ARGV[i + 5])
  end
  local ends = math.min(tonumber(redis.call('HGET', state, 'until')), now + life)
  redis.call('HSET', state, 'until', whole(ends))
  return 1
end

return redis.error_reply('ERR unknown quota command')
`
