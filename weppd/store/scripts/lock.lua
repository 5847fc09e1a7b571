-- Take a lock for a job that runs, and enter it in the job's account in the same step.
-- ARGV: P W jid eid home db key token ttl value. Asked again with its token it answers alike.
-- Returns {'taken' | 'held' | 'fenced', what stands there}.
-- with: keys
-- with: held
local jid, eid, home, db, key = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local token, ttl, value = ARGV[8], ARGV[9], ARGV[10]
local own = call('HMGET', exec_key(jid), 'eid', 'phase')
-- An execution that the store has forgotten (FLUSHALL) is nobody else's.
if own[1] and (own[1] ~= eid or not is_live(own[2])) then return {'fenced', ''} end
call('SELECT', db)
local taken = call('SET', key, value, 'NX', 'EX', ttl)
local raw, lock
if not taken then
  raw, lock = lock_at(key)
  taken = lock.token == token
end
call('SELECT', home)
if not taken then return {'held', raw or ''} end
call('HSET', held_key(jid), db .. ':' .. key, home .. ':' .. token)
return {'taken', ''}
