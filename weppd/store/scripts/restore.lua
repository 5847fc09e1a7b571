-- Put back the hash of a job that the store has forgotten. ARGV: P W jid fields…
-- with: keys
local key = job_key(ARGV[3])
if call('HEXISTS', key, 'created_at') == 1 then return 0 end
call('HSET', key, unpack(ARGV, 4))
return 1
