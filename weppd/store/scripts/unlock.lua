-- Let go of one lock of a job, if it still is the job's.
-- ARGV: P W jid home db key token. Returns 1 if it was.
-- with: keys
-- with: held
local jid, home, db, key, token = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
call('HDEL', held_key(jid), db .. ':' .. key)
return let_go(db, key, home, token) and 1 or 0
