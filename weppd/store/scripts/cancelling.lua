-- What a cancel does to one job, whatever the job is doing. With: keys, dependents.

-- A line to the worker that runs a job; nobody listening is nothing lost, for the request is kept.
local function tell(worker, words)
  call('PUBLISH', P .. ':pubsub:' .. worker, cjson.encode(words))
end

-- Returns {state, node, eid, worker, status}, the dependents that were canceled with it and, with
-- `later`, the queue that it is still to be taken off (a search that many jobs cannot have each).
local function cancel_one(jid, reason, now, stamp, later)
  local seen = call('HMGET', job_key(jid), 'status', 'origin', 'created_at', 'worker_name')
  local own = call('HMGET', exec_key(jid), 'phase', 'node', 'eid', 'worker')
  local status, worker = seen[1] or '', seen[4] or ''
  if is_live(own[1]) then
    call('SET', W .. 'cancel:' .. jid, reason, 'EX', 604800)
    tell(own[4], {command = 'weppd-cancel', job_id = jid, execution_id = own[3], reason = reason})
    return {'running', own[2], own[3], own[4], status}, {}
  end
  if not seen[3] then return {'unknown', '', '', '', ''}, {} end
  if status == 'finished' or FAILED[status] then return {'over', '', '', '', status}, {} end
  if status == 'started' and worker ~= '' and call('EXISTS', worker_key(worker)) == 1 then
    -- A worker of RQ's own has it.
    tell(worker, {command = 'stop-job', job_id = jid})
    return {'running', '', '', worker, status}, {}
  end
  local queue = seen[2] or ''
  local left = later and status == 'queued'
  cancel_waiting(jid, left and '' or status, queue, reason, now, stamp)
  local _, ended = settle_dependents(jid, 'canceled', reason, now, stamp)
  local also = {}
  for i = 2, #ended do also[i - 1] = ended[i][1] end
  return {'canceled', '', '', '', 'canceled'}, also, left and queue or ''
end
