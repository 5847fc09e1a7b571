-- Keep a job's progress, and show it in its meta if that still is what was left there; a deleted job
-- is not re-created. ARGV: P W jid text meta_before meta_after (both empty: leave it).
-- Returns false, or the meta where it is another than meta_before.
-- with: keys
local key = job_key(ARGV[3])
if call('HEXISTS', key, 'created_at') == 0 then return false end
local meta = ARGV[6] ~= '' and (call('HGET', key, 'meta') or '') or ARGV[5]
if meta == ARGV[5] and ARGV[6] ~= '' then
  call('HSET', key, 'weppd_progress', ARGV[4], 'meta', ARGV[6])
else
  call('HSET', key, 'weppd_progress', ARGV[4])
end
return meta ~= ARGV[5] and meta
