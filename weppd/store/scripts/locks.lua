-- A page of the locks in a database, whoever holds them.
-- ARGV: P W home db cursor pattern. Returns {next cursor, {key, what stands there, milliseconds}…}.
local home, db, cursor, pattern = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local call, found = redis.call, {}
call('SELECT', db)
local page = call('SCAN', cursor, 'MATCH', pattern, 'COUNT', 500)
for _, key in ipairs(page[2]) do
  local raw = redis.pcall('GET', key)
  if type(raw) == 'string' then found[#found + 1] = {key, raw, call('PTTL', key)} end
end
call('SELECT', home)
return {page[1], found}
