-- Sends the prepared requests in turn and reports counts as one line of JSON.
-- wrk … -- FILE   FILE is Lua that returns a list of requests

local requests, at = {}, 0

function init(args)
    requests = dofile(args[1])
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests":%d,"us":%d,"refused":%d,"broken":%d,"p50us":%d,"p99us":%d}\n',
        summary.requests, summary.duration, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50), latency:percentile(99)))
end
