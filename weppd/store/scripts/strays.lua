-- The executions that are entered for a node beside those that it answers for.
-- ARGV: P W node, then the ids of these. Returns {{eid, jid, queue, hash}, …}.
-- with: keys
local node = ARGV[3]
local known = {}
for i = 4, #ARGV do known[ARGV[i]] = true end
local strays = {}
local live = call('HGETALL', W .. 'live:' .. node)
for i = 1, #live, 2 do
  local jid, eid = live[i], live[i + 1]
  local own = call('HMGET', exec_key(jid), 'eid', 'phase', 'queue')
  local hash = call('HGETALL', job_key(jid))
  if not known[eid] and own[1] == eid and is_live(own[2]) and #hash > 0 then
    strays[#strays + 1] = {eid, jid, own[3], hash}
  end
end
return strays
