-- Enter executions again that the store has forgotten.
-- ARGV: P W node now stamp server, then for each: jid eid worker queue phase turn
--       #fields fields…
-- Of two executions of one job the one that is named last counts.
-- Returns a word for each: own, done, entered, lost, waits or unknown.
-- with: keys
-- with: executions
-- with: turns
local node, now, stamp, server = ARGV[3], ARGV[4], ARGV[5], ARGV[6]

-- Off every list on which the store, of an older memory, still had the job.
local function take_off(jid, status, queue)
  if status == 'queued' then
    call('LREM', queue_key(queue), 0, jid)
  else
    local registry = status == 'stopped' and 'failed' or status
    call('ZREM', P .. ':' .. registry .. ':' .. queue, jid)
  end
end

local function enter(jid, eid, worker, queue, phase, turn, first, last)
  local own = call('HMGET', exec_key(jid), 'eid', 'phase', 'node', 'worker', 'queue')
  if own[1] == eid then return is_live(own[2]) and 'own' or 'done' end
  local past = call('GET', W .. 'done:' .. eid)
  if past then return past == TAKEN and 'lost' or 'done' end
  if is_live(own[2]) then
    if own[3] ~= node then
      -- A node that has not spoken yet may have given the job up in what was forgotten.
      return call('HGET', W .. 'node:' .. own[3], 'server') == server and 'lost' or 'waits'
    end
    -- An earlier one of this very node, whose end was forgotten along with the claim.
    leave_execution(jid, own[1], own[5], own[4], node)
  end
  local key = job_key(jid)
  if call('HEXISTS', key, 'data') == 0 then
    if last < first then return 'unknown' end
    call('HSET', key, unpack(ARGV, first, last))
  end
  local seen = call('HMGET', key, 'status', 'origin')
  if queue == '' then queue = seen[2] or '' end
  if seen[1] ~= 'canceled' then
    if seen[1] then take_off(jid, seen[1], seen[2] or queue) end
    call('HSET', key, 'status', 'started', 'started_at', stamp, 'last_heartbeat', stamp,
      'ended_at', '', 'worker_name', worker, 'origin', queue)
    call('PERSIST', key)
  end
  call('DEL', exec_key(jid))
  call('HSET', exec_key(jid), 'eid', eid, 'node', node, 'phase', phase, 'worker', worker,
    'queue', queue)
  call('HSET', W .. 'live:' .. node, jid, eid)
  enter_execution(jid, eid, queue, worker, now)
  set_busy(worker, jid)
  call('HDEL', W .. 'parked', jid)
  if turn ~= '' then
    local holder = call('GET', W .. 'turn:' .. turn)
    if not holder or holder == jid or not has_turn(holder) then
      call('SET', W .. 'turn:' .. turn, jid)
      call('HSET', key, 'weppd_turn', turn)
      call('HSET', exec_key(jid), 'turn', turn)
    end
  end
  return 'entered'
end

local words, at = {}, 7
while at <= #ARGV do
  local first = at + 7
  local last = at + 6 + tonumber(ARGV[at + 6])
  words[#words + 1] = enter(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4],
    ARGV[at + 5], first, last)
  at = last + 1
end
return words
