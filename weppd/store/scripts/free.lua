-- Take a lock away from whoever holds it, if it is still the one with this token (any, for '').
-- ARGV: P W home db key token run file. Pages see it in the run's hash: `locked:<file>`.
-- with: keys
-- with: held
local home, db, key, token, run, file = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
call('SELECT', db)
local raw, lock = lock_at(key)
local same = raw and (lock.token or '') == token
if same then
  call('DEL', key)
  -- Who may not write there leaves it to the next who looks.
  if redis.pcall('HGET', run, 'locked:' .. file) == 'true' then
    redis.pcall('HSET', run, 'locked:' .. file, 'false')
  end
end
call('SELECT', home)
return same and 1 or 0
