-- Appends a batch of log records, unless the stream takes more memory than it may: then the gate keeps
-- the batch and counts what it has to drop. Trimming instead would lose records without a trace.
--
-- KEYS    the stream
-- ARGV    bytes that the stream may take, name of the field, the batch
-- returns 1 if appended, 0 if the stream is full
local used = redis.call('MEMORY', 'USAGE', KEYS[1], 'SAMPLES', '5')
if used and used > tonumber(ARGV[1]) then return 0 end
redis.call('XADD', KEYS[1], '*', ARGV[2], ARGV[3])
return 1
