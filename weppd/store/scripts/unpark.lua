-- Pass on the turns that no event will: of jobs that somebody deleted, or a client of RQ's cancelled.
-- ARGV: P W cursor. Returns {next cursor, how many were given a turn}.
-- with: keys
-- with: turns
local page = call('HSCAN', W .. 'parked', ARGV[3], 'COUNT', 200)
local passed, seen = 0, {}
for i = 1, #page[2], 2 do
  local jid, key = page[2][i], string.match(page[2][i + 1], '\n(.*)$')
  local status = call('HGET', job_key(jid), 'status')
  if status ~= 'queued' then
    call('HDEL', W .. 'parked', jid)
  elseif not seen[key] then
    seen[key] = true
    local before = call('GET', W .. 'turn:' .. key)
    if pass_turn(key) ~= before then passed = passed + 1 end
  end
end
return {page[1], passed}
