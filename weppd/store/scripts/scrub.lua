-- Take entries of executions that nobody has off RQ's lists: RQ leaves a score of +inf for ever.
-- ARGV: P W. Returns how many were.
-- with: keys
local gone = 0
for _, queue in ipairs(call('SMEMBERS', P .. ':queues')) do
  local wip = P .. ':wip:' .. string.sub(queue, #P + 8)
  for _, member in ipairs(call('ZRANGEBYSCORE', wip, '+inf', '+inf')) do
    local jid, eid = string.match(member, '^(.*):(.-)$')
    local own = jid and call('HMGET', exec_key(jid), 'eid', 'phase') or {}
    if own[1] ~= eid or not is_live(own[2]) then
      call('ZREM', wip, member)
      gone = gone + 1
    end
  end
end
return gone
