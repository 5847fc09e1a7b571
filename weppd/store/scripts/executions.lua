-- RQ's view of an execution, in the words of 2.x and 3.0 together. Its score is +inf, so that no
-- reader's clean-up takes the job for abandoned. A claimed one is in its queue's wip; once it is
-- known to run, it has a record of its own too: most short jobs are over before that.
local DONE = 604800

local function enter_execution(jid, eid, worker, now)
  local member = jid .. ':' .. eid
  call('ZADD', P .. ':executions:' .. jid, '+inf', eid)
  call('HSET', P .. ':execution:' .. member, 'id', eid, 'job_id', jid, 'created_at', now,
    'last_heartbeat', now, 'worker_name', worker)
  call('SADD', worker_key(worker) .. ':executions', member)
end

local function forget_execution(jid, eid, worker)
  local member = jid .. ':' .. eid
  call('ZREM', P .. ':executions:' .. jid, eid)
  call('DEL', P .. ':execution:' .. member)
  call('SREM', worker_key(worker) .. ':executions', member)
end

-- A worker that has not registered (a hash without birth) is left alone: nobody would expire it.
local function set_busy(worker, jid)
  if call('HEXISTS', worker_key(worker), 'birth') == 1 then
    call('HSET', worker_key(worker), 'state', 'busy', 'current_job', jid,
      'current_job_working_time', '0')
  end
end

local function set_idle(worker, jid)
  local key = worker_key(worker)
  if call('HGET', key, 'current_job') == jid then
    call('HSET', key, 'state', 'idle')
    call('HDEL', key, 'current_job', 'current_job_working_time')
  end
end

-- `phase` is the one that it was in.
local function leave_execution(jid, eid, queue, worker, node, phase)
  call('ZREM', P .. ':wip:' .. queue, jid .. ':' .. eid)
  if phase == 'running' then forget_execution(jid, eid, worker) end
  call('HDEL', W .. 'live:' .. node, jid)
end

-- An execution that is over gives its place to another one of its job: that its end is on record is
-- known by its own key from then on.
local function outlive(eid, phase)
  if eid and not is_live(phase) then call('SET', W .. 'done:' .. eid, phase, 'EX', DONE) end
end
