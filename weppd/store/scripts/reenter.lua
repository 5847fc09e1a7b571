-- Enter executions again that the store has forgotten.
-- ARGV: P W node now stamp, then for each: jid eid worker queue phase turn try #fields fields…
-- Of two executions of one job the later try counts; without a number it is the one named here,
-- unless another node has the job.
-- Returns a word for each: own, done, entered, lost or unknown.
-- with: keys
-- with: executions
-- with: turns
-- with: sole
local node, now, stamp = ARGV[3], ARGV[4], ARGV[5]

-- Off every list on which the store, of an older memory, still had the job.
local function take_off(jid, status, queue)
  if status == 'queued' then
    call('LREM', queue_key(queue), 0, jid)
  else
    local registry = status == 'stopped' and 'failed' or status
    call('ZREM', P .. ':' .. registry .. ':' .. queue, jid)
  end
end

local function enter(jid, eid, worker, queue, phase, turn, try, first, last)
  local own = call('HMGET', exec_key(jid), 'eid', 'phase', 'node', 'worker', 'queue', 'try')
  if own[1] == eid then return is_live(own[2]) and 'own' or 'done' end
  if call('EXISTS', W .. 'done:' .. eid) == 1 then return 'done' end
  local mine, theirs = tonumber(try), tonumber(own[6] or 0)
  local later = not own[1] or (mine and mine > theirs)
  if not later and mine then return is_live(own[2]) and 'lost' or 'done' end
  if is_live(own[2]) then
    if own[3] ~= node and not later then return 'lost' end
    -- An earlier one, whose end was forgotten along with this claim.
    leave_execution(jid, own[1], own[5], own[4], own[3], own[2])
  end
  outlive(own[1], own[2])
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
    'queue', queue, 'try', mine or theirs + 1)
  call('HSET', key, 'weppd_tries', mine or theirs + 1)
  call('HSET', W .. 'live:' .. node, jid, eid)
  call('ZADD', P .. ':wip:' .. queue, '+inf', jid .. ':' .. eid)
  if phase == 'running' then enter_execution(jid, eid, worker, now) end
  set_busy(worker, jid)
  call('HDEL', W .. 'parked', jid)
  local sole = call('HGET', key, 'weppd_unique')
  if not has_sole(sole, jid) then take_sole(sole, jid) end
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

local words, at = {}, 6
while at <= #ARGV do
  local first = at + 8
  local last = at + 7 + tonumber(ARGV[at + 7])
  words[#words + 1] = enter(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4],
    ARGV[at + 5], ARGV[at + 6], first, last)
  at = last + 1
end
return words
