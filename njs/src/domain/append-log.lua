-- Appends a batch of log records, unless the stream takes more memory than it may: then the gate keeps
-- the batch and counts what it has to drop. Trimming instead would lose records without a trace.
--
-- KEYS    the stream
-- ARGV    name of the field, the batch; an empty batch only asks whether there is room
-- returns 1 if appended, 0 if the stream is full

-- A quarter of what Redis may use, so that records never push out sessions; up to a size of which
-- MEMORY USAGE can still be asked for each batch (at most 4 ms). The smaller one where Redis has no
-- limit, or does not tell.
local DEFAULT_CAP = 64 * 1024 * 1024
local MAX_CAP = 256 * 1024 * 1024

local function cap()
  local info = redis.pcall('INFO', 'memory')
  local maxmemory = type(info) == 'string' and tonumber(string.match(info, '\nmaxmemory:(%d+)')) or 0
  if maxmemory == 0 then return DEFAULT_CAP end
  return math.min(math.floor(maxmemory / 4), MAX_CAP)
end

if redis.call('XLEN', KEYS[1]) > 0 then
  -- Every node is counted: entries differ in size, and an estimate from a few was wrong 37 times over.
  local used = redis.call('MEMORY', 'USAGE', KEYS[1], 'SAMPLES', '0')
  if used + #ARGV[2] > cap() then return 0 end
end
if #ARGV[2] > 0 then redis.call('XADD', KEYS[1], '*', ARGV[1], ARGV[2]) end
return 1
