-- Put claims back at the head of their queues; given last first, so that their order stays.
-- One that was asked to end is canceled instead.
-- ARGV: P W now stamp era, then jid eid for each. Returns how many went back; -1 says that the store
-- was emptied since the node met it: then nothing was done.
-- with: keys
-- with: executions
-- with: dependents
-- with: held
local now, stamp = ARGV[3], ARGV[4]
local count = 0
if ARGV[5] ~= '' and call('GET', W .. 'era') ~= ARGV[5] then return -1 end
for i = 6, #ARGV, 2 do
  local jid, eid = ARGV[i], ARGV[i + 1]
  local own = call('HMGET', exec_key(jid), 'eid', 'phase', 'worker', 'node', 'queue')
  if own[1] == eid and is_live(own[2]) then
    let_go_of_all(jid)
    leave_execution(jid, eid, own[5], own[3], own[4], own[2])
    set_idle(own[3], jid)
    local turn = call('HGET', exec_key(jid), 'turn')
    call('DEL', exec_key(jid))
    local seen = call('HMGET', job_key(jid), 'status', 'created_at', 'ttl')
    local asked = call('GET', W .. 'cancel:' .. jid)
    call('DEL', W .. 'cancel:' .. jid)
    if asked and seen[2] and seen[1] ~= 'canceled' then
      cancel_waiting(jid, seen[1], own[5], asked, now, stamp)
      settle_dependents(jid, 'canceled', asked, now, stamp)
    elseif seen[2] and seen[1] ~= 'canceled' then
      call('HSET', job_key(jid), 'status', 'queued', 'started_at', '', 'worker_name', '')
      local ttl = whole(seen[3])
      if ttl > 0 then call('EXPIRE', job_key(jid), ttl) end
      call('SADD', P .. ':queues', queue_key(own[5]))
      call('LPUSH', queue_key(own[5]), jid)
      count = count + 1
    end
    -- One that goes back to its queue keeps its turn: it is the next to run.
    if turn then pass_turn(turn) end
  end
end
return count
