-- Enter that an execution runs.
-- ARGV: P W jid eid worker pid now stamp channel event meta_before meta_after home db
-- Returns 1, 0 if the execution is not ours, or -1 if meta was not what we thought.
-- with: keys
-- with: executions
-- with: said
local jid, eid, worker, pid = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local now, stamp, channel, event = ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local key = job_key(jid)

local own = call('HMGET', exec_key(jid), 'eid', 'phase', 'worker', 'queue')
if own[1] ~= eid or not is_live(own[2]) then return 0 end
local first = own[2] ~= 'running'
if own[3] ~= worker then
  set_idle(own[3], jid)
  if not first then forget_execution(jid, eid, own[3]) end
end
if first or own[3] ~= worker then
  enter_execution(jid, eid, worker, now)
  set_busy(worker, jid)
end
call('HSET', exec_key(jid), 'phase', 'running', 'worker', worker, 'pid', pid)
if first and channel ~= '' then say(ARGV[13], ARGV[14], channel, event) end
if call('HEXISTS', key, 'created_at') == 0 then return 1 end
call('HSET', key, 'worker_name', worker, 'started_at', stamp)
if channel ~= '' and not call('HGET', key, 'weppd_parent') then
  -- Where a run's trees begin, for those who look at the run; the latest thousand.
  local run = W .. 'run:' .. string.sub(channel, 1, -4)
  call('ZADD', run, now, jid)
  call('ZREMRANGEBYRANK', run, 0, -1001)
  call('EXPIRE', run, 31536000)
end
if ARGV[12] ~= '' then
  if (call('HGET', key, 'meta') or '') ~= ARGV[11] then return -1 end
  call('HSET', key, 'meta', ARGV[12])
end
return 1
