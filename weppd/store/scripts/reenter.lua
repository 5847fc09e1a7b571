-- Enter executions again that the store has forgotten.
-- ARGV: P W node now stamp, then for each: jid eid worker queue phase #fields fields…
-- Of two executions of one job the one that is named last counts.
-- Returns a word for each: own, done, entered, lost or unknown.
-- with: keys
-- with: executions
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

local function enter(jid, eid, worker, queue, phase, first, last)
  local own = call('HMGET', exec_key(jid), 'eid', 'phase', 'node', 'worker', 'queue')
  if own[1] == eid then return is_live(own[2]) and 'own' or 'done' end
  local past = call('GET', W .. 'done:' .. eid)
  if past then return past == TAKEN and 'lost' or 'done' end
  if is_live(own[2]) then
    if own[3] ~= node then return 'lost' end
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
  return 'entered'
end

local words, at = {}, 6
while at <= #ARGV do
  local first = at + 6
  local last = at + 5 + tonumber(ARGV[at + 5])
  words[#words + 1] = enter(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4],
    first, last)
  at = last + 1
end
return words
