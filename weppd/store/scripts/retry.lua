-- Send a job that failed, was stopped or cancelled round again, and what was cancelled for its sake.
-- ARGV: P W jid now stamp
-- Returns {state, status, which, {jobs that wait again…}}.
-- with: keys
-- with: dependents
-- with: sole
local root, now, stamp = ARGV[3], ARGV[4], ARGV[5]

local function waits_of(jid)
  local good, listed = pcall(cjson.decode, call('HGET', job_key(jid), 'dependency_ids') or '[]')
  local waits = call('SMEMBERS', P .. ':job::' .. jid .. ':dependencies')
  for _, other in ipairs(good and type(listed) == 'table' and listed or {}) do
    waits[#waits + 1] = tostring(other)
  end
  return waits
end

-- A dependency that was not finished and never will be, and its status.
local function blocker(jid)
  if call('HGET', job_key(jid), 'allow_dependency_failures') == '1' then return nil end
  for _, other in ipairs(waits_of(jid)) do
    local status = call('HGET', job_key(other), 'status')
    if FAILED[status] then return other, status end
  end
end

local function revive(jid)
  local key = job_key(jid)
  local seen = call('HMGET', key, 'origin', 'allow_dependency_failures')
  local queue, allows = seen[1] or '', seen[2] == '1'
  call('ZREM', P .. ':failed:' .. queue, jid)
  call('ZREM', P .. ':canceled:' .. queue, jid)
  call('DEL', W .. 'cancel:' .. jid)
  call('HDEL', key, 'exc_info', 'weppd_reason', 'weppd_none', 'weppd_usage')
  call('HSET', key, 'started_at', '', 'ended_at', '')
  take_sole(call('HGET', key, 'weppd_unique'), jid)
  for _, each in ipairs({key, key .. ':dependents', P .. ':job::' .. jid .. ':dependencies',
    P .. ':results:' .. jid, W .. 'children:' .. jid}) do
    call('PERSIST', each)
  end
  local waiting = false
  for _, other in ipairs(waits_of(jid)) do
    local status = call('HGET', job_key(other), 'status')
    if status and status ~= 'finished' and not (allows and FAILED[status]) then
      waiting = true
      call('SADD', job_key(other) .. ':dependents', jid)
      call('SADD', P .. ':job::' .. jid .. ':dependencies', other)
    end
  end
  if waiting then
    call('HSET', key, 'status', 'deferred')
    call('ZADD', P .. ':deferred:' .. queue, now, jid)
  else
    push(jid, queue, false, stamp)
  end
end

-- Whether it was cancelled for a dependency's sake alone, nothing that it waits for failed, and no
-- other job has taken its key.
local function fell(jid)
  local seen = call('HMGET', job_key(jid), 'status', 'weppd_reason', 'data', 'weppd_unique')
  return seen[1] == 'canceled' and seen[3] and not has_sole(seen[4], jid)
    and string.sub(seen[2] or '', 1, 15) == 'its dependency ' and not blocker(jid)
end

local seen = call('HMGET', job_key(root), 'status', 'data')
local status = seen[1] or ''
if is_live(call('HGET', exec_key(root), 'phase')) then return {'live', status, '', {}} end
if not seen[2] then return {'unknown', '', '', {}} end
if not FAILED[status] then return {'other', status, '', {}} end
local other, how = blocker(root)
if other then return {'waits', how, other, {}} end
local twin = has_sole(call('HGET', job_key(root), 'weppd_unique'), root)
if twin then return {'twin', status, twin, {}} end

-- What is above it may take new jobs again.
local above, steps = root, 0
while above ~= '' and steps < 100 do
  call('DEL', W .. 'closed:' .. above)
  above, steps = call('HGET', job_key(above), 'weppd_parent') or '', steps + 1
end
local turn, woken, i = {root}, {}, 1
while turn[i] do
  revive(turn[i])
  for _, child in ipairs(call('SMEMBERS', W .. 'fallen:' .. turn[i])) do
    if fell(child) then
      turn[#turn + 1] = child
      woken[#woken + 1] = child
    end
  end
  i = i + 1
end
return {'ok', call('HGET', job_key(root), 'status'), '', woken}
