-- Beat: the lease, the workers' hashes, the executions.
-- ARGV: P W node now stamp ttl state era home | #record record… | #queues queues… | #workers workers…
--       then jid eid worker for each running execution
-- Returns {seq, suspended, {canceled}, {jid, reason, …}, {lost}}; a seq of -1 says that the store
-- was emptied since the node met it, -2 that another weppd has the node's name: nothing was done.
-- with: keys
-- with: held
local node, now, stamp, ttl, state = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
if ARGV[8] ~= '' and call('GET', W .. 'era') ~= ARGV[8] then return {-1, 0, {}, {}, {}} end
if ARGV[9] ~= '' then
  call('HSETNX', W .. 'node:' .. node, 'home', ARGV[9])
  if call('HGET', W .. 'node:' .. node, 'home') ~= ARGV[9] then return {-2, 0, {}, {}, {}} end
end

local function list(at)
  local n = tonumber(ARGV[at])
  return at + 1, at + n, at + n + 1
end
local r1, r2, at = list(10)
local q1, q2, at = list(at)
local w1, w2, at = list(at)

call('SADD', W .. 'nodes', node)
local seq = call('HINCRBY', W .. 'node:' .. node, 'seq', 1)
call('HSET', W .. 'node:' .. node, 'state', state, 'last_heartbeat', stamp)
call('HDEL', W .. 'node:' .. node, 'hold')
call('PEXPIRE', posted_key(node), POSTED_MS)

local busy = {}
for i = at, #ARGV, 3 do busy[ARGV[i + 2]] = ARGV[i] end
for i = w1, w2 do
  local worker = ARGV[i]
  local key = worker_key(worker)
  local seen = call('HMGET', key, 'birth', 'death', 'current_job')
  if not seen[1] or seen[2] then
    call('DEL', key)
    call('HSET', key, unpack(ARGV, r1, r2))
    call('SADD', P .. ':workers', key)
    for q = q1, q2 do call('SADD', P .. ':workers:' .. ARGV[q], key) end
  end
  local jid = busy[worker]
  call('HSET', key, 'last_heartbeat', stamp, 'state', jid and 'busy' or state)
  if jid then
    call('HSET', key, 'current_job', jid)
  elseif seen[3] then
    call('HDEL', key, 'current_job', 'current_job_working_time')
  end
  call('EXPIRE', key, ttl)
end

local canceled, asked, lost = {}, {}, {}
for i = at, #ARGV, 3 do
  local jid, eid = ARGV[i], ARGV[i + 1]
  local own = call('HMGET', exec_key(jid), 'eid', 'phase')
  if own[1] ~= eid and (own[1] or call('EXISTS', job_key(jid)) == 1) then
    -- A job of which the store knows nothing at all is not lost: it was forgotten (FLUSHALL).
    lost[#lost + 1] = jid
  elseif is_live(own[2]) then
    renew_all(jid, now)
    local seen = call('HMGET', job_key(jid), 'status', 'created_at')
    if not seen[2] or seen[1] == 'canceled' then
      canceled[#canceled + 1] = jid
    else
      call('HSET', job_key(jid), 'last_heartbeat', stamp)
      if own[2] == 'running' then
        call('HSET', P .. ':execution:' .. jid .. ':' .. eid, 'last_heartbeat', now)
      end
    end
    local reason = call('GET', W .. 'cancel:' .. jid)
    if reason then
      asked[#asked + 1] = jid
      asked[#asked + 1] = reason
    end
  end
end
return {seq, call('EXISTS', P .. ':suspended'), canceled, asked, lost}
