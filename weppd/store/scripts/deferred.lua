-- Look at some deferred jobs of one queue: release or cancel those that no event will.
-- A client's write can leave them so: RQ defers a job behind one that has failed already, edits a
-- status without telling what waits, or deletes a job.
-- ARGV: P W node now stamp queue offset most lease
-- Returns {seen, gone}: how many were looked at, how many are deferred no more; {-1, 0} while
-- another node looks after them.
-- with: keys
-- with: dependents
local node, now, stamp, queue = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local offset, most = tonumber(ARGV[7]), tonumber(ARGV[8])
local registry = P .. ':deferred:' .. queue

local lease = W .. 'lease:deferred'
local holder = call('GET', lease)
if holder and holder ~= node then return {-1, 0} end
call('SET', lease, node, 'EX', ARGV[9])

local function dependencies(jid, listed)
  local waits = call('SMEMBERS', P .. ':job::' .. jid .. ':dependencies')
  local good, more = pcall(cjson.decode, listed or '[]')
  for _, other in ipairs(good and type(more) == 'table' and more or {}) do
    waits[#waits + 1] = tostring(other)
  end
  return waits
end

-- Whether a job is deferred no more.
local function look(jid)
  local seen = call('HMGET', job_key(jid), 'status', 'created_at', 'enqueue_at_front',
    'allow_dependency_failures', 'dependency_ids')
  if not seen[2] or seen[1] ~= 'deferred' then return call('ZREM', registry, jid) == 1 end
  local allows, waiting = seen[4] == '1', false
  for _, other in ipairs(dependencies(jid, seen[5])) do
    local status = call('HGET', job_key(other), 'status')
    if FAILED[status] and not allows then
      local why = call('HGET', job_key(other), 'weppd_reason') or ''
      local because = because_of(other, status, why)
      fell_with(other, jid)
      cancel_waiting(jid, 'deferred', queue, because, now, stamp)
      settle_dependents(jid, 'canceled', because, now, stamp)
      return true
    end
    waiting = waiting or (status and status ~= 'finished' and not FAILED[status])
  end
  if waiting then return false end
  call('ZREM', registry, jid)
  push(jid, queue, seen[3] == '1', stamp)
  return true
end

local members = call('ZRANGE', registry, offset, offset + most - 1)
local gone = 0
for _, jid in ipairs(members) do
  if look(jid) then gone = gone + 1 end
end
return {#members, gone}
