-- Set a job's meta if it still is what was read. ARGV: P W jid before after. Returns 1 if it was.
-- with: keys
local key = job_key(ARGV[3])
if call('HEXISTS', key, 'created_at') == 0 then return 1 end
if (call('HGET', key, 'meta') or '') ~= ARGV[4] then return 0 end
call('HSET', key, 'meta', ARGV[5])
return 1
