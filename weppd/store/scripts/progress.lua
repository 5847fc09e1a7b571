-- Keep a job's progress; a deleted job is not re-created. ARGV: P W jid text.
-- with: keys
local key = job_key(ARGV[3])
if call('HEXISTS', key, 'created_at') == 0 then return 0 end
call('HSET', key, 'weppd_progress', ARGV[4])
return 1
