-- Take the turn of a key for each claimed job, or park the job until it has it.
-- ARGV: P W now stamp, then jid eid key for each. Returns the jobs that were parked, or are ended:
-- one that was asked to end meanwhile is canceled instead.
-- with: keys
-- with: executions
-- with: dependents
-- with: held
local now, stamp = ARGV[3], ARGV[4]

local function leave(jid, own)
  leave_execution(jid, own[1], own[5], own[3], own[4], own[2])
  set_idle(own[3], jid)
  call('DEL', exec_key(jid))
end

local function park(jid, own, key, holder)
  leave(jid, own)
  local reason = 'waits for its turn: job ' .. holder .. ' has ' .. key
  call('HSET', job_key(jid), 'status', 'queued', 'started_at', '', 'worker_name', '',
    'weppd_turn', key, 'weppd_reason', reason)
  local ttl = whole(call('HGET', job_key(jid), 'ttl'))
  if ttl > 0 then call('EXPIRE', job_key(jid), ttl) end
  call('HSET', W .. 'parked', jid, own[5] .. '\n' .. key)
  call('RPUSH', W .. 'parked:' .. key, jid)
end

local gone = {}
for i = 5, #ARGV, 3 do
  local jid, eid, key = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local own = call('HMGET', exec_key(jid), 'eid', 'phase', 'worker', 'node', 'queue')
  if own[1] == eid and is_live(own[2]) then
    local mine = call('GET', W .. 'turn:' .. key) == jid
    local holder = not mine and pass_turn(key)
    local asked = call('GET', W .. 'cancel:' .. jid)
    if not holder then
      call('SET', W .. 'turn:' .. key, jid)
      call('HSET', job_key(jid), 'weppd_turn', key)
      call('HSET', exec_key(jid), 'turn', key)
    elseif asked then
      leave(jid, own)
      call('DEL', W .. 'cancel:' .. jid)
      cancel_waiting(jid, '', own[5], asked, now, stamp)
      settle_dependents(jid, 'canceled', asked, now, stamp)
      gone[#gone + 1] = jid
    else
      park(jid, own, key, holder)
      gone[#gone + 1] = jid
    end
  end
end
return gone
