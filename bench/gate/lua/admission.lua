-- The gate's work for POST /api/chat, as it is written for lua-nginx-module: cookie, session, limit,
-- identity and rate headers. `one_call` asks Redis what the gate asks, in one round trip; `two_calls`
-- reads the session first and then counts, which is how middleware is usually stacked.

local redis = require "nginx.redis"
local session = require "session"
local settings = require "settings"
local calls = require "calls"

local ngx = ngx
local ceil, format, match, tonumber = math.ceil, string.format, string.match, tonumber

local IDLE_MS, POOL = 60000, 64
local COOKIE = "cookie_" .. settings.cookie

local POLICY = '"' .. settings.chat .. '";q=%s;w=' .. settings.chat_window
local STATE = '"' .. settings.chat .. '";r=%s;t=%d'

local _M = {}

local function connect()
    local red = redis:new()
    red:set_timeouts(200, 300, 300)
    local ok, err = red:connect(settings.redis_socket, { pool_size = POOL })
    if not ok then return nil, err end
    if red:get_reused_times() == 0 then
        ok, err = red:auth(settings.redis_password)
        if not ok then return nil, err end
    end
    return red
end

local function unavailable(err)
    ngx.log(ngx.ERR, "Redis is unavailable: ", err)
    return ngx.exit(ngx.HTTP_SERVICE_UNAVAILABLE)
end

-- The cross-site rule of the gate.
local function same_site(var)
    local site = var.http_sec_fetch_site
    if site then return site == "same-origin" or site == "none" end
    local origin = var.http_origin
    return not origin or origin == "https://" .. var.http_host
end

-- What admit.lua answers: role, whether it is admitted, then quota, rest and reset of the chat policy.
local WORDS = "^ok (%S+) %S+ %S+ %S+ ([01]) (%d+) (%d+) (%d+)"

local function decide(var, reply, uid, hash, known_role)
    local role, admitted, quota, rest, reset = match(reply, WORDS)
    if not role then return ngx.exit(ngx.HTTP_UNAUTHORIZED) end
    var.gate_ratelimit_policy = format(POLICY, quota)
    var.gate_ratelimit = format(STATE, rest, ceil(tonumber(reset) / 1000))
    if admitted ~= "1" then return ngx.exit(ngx.HTTP_TOO_MANY_REQUESTS) end
    var.gate_user = uid
    var.gate_user_role = known_role or role
    var.gate_session = hash
    var.gate_slot = settings.streams
end

function _M.one_call()
    local var = ngx.var
    if not same_site(var) then return ngx.exit(ngx.HTTP_FORBIDDEN) end
    local uid, hash = session.read(var[COOKIE])
    if not uid then return ngx.exit(ngx.HTTP_UNAUTHORIZED) end
    local red, err = connect()
    if not red then return unavailable(err) end
    local reply
    reply, err = calls.admit(red, var.request_id, uid, hash)
    if not reply then return unavailable(err) end
    red:set_keepalive(IDLE_MS, POOL)
    return decide(var, reply, uid, hash)
end

function _M.two_calls()
    local var = ngx.var
    if not same_site(var) then return ngx.exit(ngx.HTTP_FORBIDDEN) end
    local uid, hash = session.read(var[COOKIE])
    if not uid then return ngx.exit(ngx.HTTP_UNAUTHORIZED) end
    local red, err = connect()
    if not red then return unavailable(err) end

    red:init_pipeline(2)
    red:hmget("{u:" .. uid .. "}:sess:" .. hash, "created", "last", "epoch")
    red:hmget("{u:" .. uid .. "}:user", "epoch", "state", "role")
    local found
    found, err = red:commit_pipeline()
    if not found then return unavailable(err) end
    local record, user = found[1], found[2]
    local now = ngx.time()
    local created, last = tonumber(record[1]), tonumber(record[2])
    if not created or user[1] ~= record[3] or user[2] ~= "enabled"
        or now - created >= settings.absolute or now - last >= settings.idle then
        red:set_keepalive(IDLE_MS, POOL)
        return ngx.exit(ngx.HTTP_UNAUTHORIZED)
    end

    local reply
    reply, err = calls.count(red, var.request_id, uid)
    if not reply then return unavailable(err) end
    red:set_keepalive(IDLE_MS, POOL)
    return decide(var, reply, uid, hash, user[3])
end

return _M
