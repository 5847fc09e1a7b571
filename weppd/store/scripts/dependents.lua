-- What becomes of the jobs that wait for others.
-- with: turns

local function push(jid, queue, front, stamp)
  call('HSET', job_key(jid), 'status', 'queued', 'enqueued_at', stamp)
  call('SADD', P .. ':queues', queue_key(queue))
  call(front and 'LPUSH' or 'RPUSH', queue_key(queue), jid)
end

local YEAR = 31536000

-- A cancelled job is forgotten as a failed one is, and then has no place among the cancelled ones,
-- where RQ would leave it for ever: each one that comes takes two away that are gone.
local function forget_later(jid, queue)
  local ttl = tonumber(call('HGET', job_key(jid), 'failure_ttl') or '') or YEAR
  local key, list = job_key(jid), P .. ':canceled:' .. queue
  for _, each in ipairs({key, key .. ':dependents', P .. ':job::' .. jid .. ':dependencies',
    W .. 'children:' .. jid}) do
    if ttl >= 0 then call('EXPIRE', each, math.max(ttl, 1)) end
  end
  for _, oldest in ipairs(call('ZRANGE', list, 0, 1)) do
    if call('EXISTS', job_key(oldest)) == 0 then call('ZREM', list, oldest) end
  end
end

-- Cancel a job that has not begun, wherever it waits.
local function cancel_waiting(jid, status, queue, reason, now, stamp)
  if status == 'queued' then
    call('LREM', queue_key(queue), 0, jid)
  elseif status == 'deferred' or status == 'scheduled' then
    call('ZREM', P .. ':' .. status .. ':' .. queue, jid)
  end
  call('HSET', job_key(jid), 'status', 'canceled', 'ended_at', stamp, 'weppd_reason', reason)
  call('ZADD', P .. ':canceled:' .. queue, now, jid)
  forget_later(jid, queue)
  local turn = call('HGET', job_key(jid), 'weppd_turn')
  if turn then
    call('HDEL', W .. 'parked', jid)
    pass_turn(turn, jid)
  end
end

local FAILED = {failed = true, stopped = true, canceled = true}

-- Whether all that `jid` waits for is over; a dependency that was deleted counts as over.
local function is_met(jid, allows, parent, how)
  local waits = call('SMEMBERS', P .. ':job::' .. jid .. ':dependencies')
  for _, other in ipairs(waits) do
    local status = other == parent and how or call('HGET', job_key(other), 'status')
    if status and status ~= 'finished' and not (allows and FAILED[status]) then return false end
  end
  return true
end

-- Remember that `child` cannot run because of `parent`: a retry of the one wakes the other.
local function fell_with(parent, child)
  local key = W .. 'fallen:' .. parent
  call('SADD', key, child)
  call('EXPIRE', key, 31536000)
end

-- Why a job cannot run: for `parent`, or for what that one itself could not run for.
local function because_of(parent, word, why)
  if string.sub(why, 1, 15) == 'its dependency ' then return why end
  local because = 'its dependency ' .. parent .. (word == 'failed' and ' ' or ' was ') .. word
  return why == '' and because or because .. ': ' .. why
end

-- Release the jobs that waited for `root` alone; cancel those that cannot run any more, and then
-- what waited for them. Returns how many were released, and {job, word, why} of what ended,
-- the root first.
local function settle_dependents(root, how, reason, now, stamp)
  local released, ended = 0, {{root, how, reason}}
  local i = 1
  while ended[i] do
    local parent, word, why = ended[i][1], ended[i][2], ended[i][3]
    local key = P .. ':job:' .. parent .. ':dependents'
    for _, child in ipairs(call('SMEMBERS', key)) do
      local fields = call('HMGET', job_key(child), 'status', 'origin', 'enqueue_at_front',
        'allow_dependency_failures')
      local queue, allows = fields[2] or '', fields[4] == '1'
      if FAILED[word] and not allows then fell_with(parent, child) end
      if fields[1] ~= 'deferred' then
        call('SREM', key, child)
      elseif word ~= 'finished' and not allows then
        local because = because_of(parent, word, why)
        cancel_waiting(child, 'deferred', queue, because, now, stamp)
        call('SREM', key, child)
        ended[#ended + 1] = {child, 'canceled', because}
      elseif is_met(child, allows, parent, word) then
        call('ZREM', P .. ':deferred:' .. queue, child)
        call('SREM', key, child)
        push(child, queue, fields[3] == '1', stamp)
        released = released + 1
      end
    end
    i = i + 1
  end
  return released, ended
end
