-- RQ's view of an execution, in the words of 2.x and 3.0 together. Its score is +inf, so that no
-- reader's clean-up takes the job for abandoned.
local function enter_execution(jid, eid, queue, worker, now)
  local member = jid .. ':' .. eid
  call('ZADD', P .. ':wip:' .. queue, '+inf', member)
  call('ZADD', P .. ':executions:' .. jid, '+inf', eid)
  call('HSET', P .. ':execution:' .. member, 'id', eid, 'job_id', jid, 'created_at', now,
    'last_heartbeat', now, 'worker_name', worker)
  call('SADD', worker_key(worker) .. ':executions', member)
end

-- A worker that has not registered (a hash without birth) is left alone: nobody would expire it.
local function set_busy(worker, jid)
  if call('HEXISTS', worker_key(worker), 'birth') == 1 then
    call('HSET', worker_key(worker), 'state', 'busy', 'current_job', jid,
      'current_job_working_time', '0')
  end
end

-- Returns whether the worker has registered.
local function set_idle(worker, jid)
  local key = worker_key(worker)
  local seen = call('HMGET', key, 'current_job', 'birth')
  if seen[1] == jid then
    call('HSET', key, 'state', 'idle')
    call('HDEL', key, 'current_job', 'current_job_working_time')
  end
  return seen[2] ~= false
end

local function leave_execution(jid, eid, queue, worker, node)
  local member = jid .. ':' .. eid
  call('ZREM', P .. ':wip:' .. queue, member)
  call('ZREM', P .. ':executions:' .. jid, eid)
  call('DEL', P .. ':execution:' .. member)
  call('SREM', worker_key(worker) .. ':executions', member)
  call('HDEL', W .. 'live:' .. node, jid)
end
