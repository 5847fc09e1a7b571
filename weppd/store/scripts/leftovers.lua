-- The executions entered for a node that have not ended. ARGV: P W node.
-- Returns {{eid, jid, queue, hash}, …}.
-- with: keys
local found = {}
-- What an earlier life posted nobody waits for.
call('DEL', posted_key(ARGV[3]))
local live = call('HGETALL', W .. 'live:' .. ARGV[3])
for i = 1, #live, 2 do
  local jid, eid = live[i], live[i + 1]
  local own = call('HMGET', exec_key(jid), 'eid', 'phase', 'queue')
  local hash = call('HGETALL', job_key(jid))
  if own[1] == eid and is_live(own[2]) and #hash > 0 then
    found[#found + 1] = {eid, jid, own[3], hash}
  else
    call('HDEL', W .. 'live:' .. ARGV[3], jid)
  end
end
return found
