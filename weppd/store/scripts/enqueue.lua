-- Enqueue one job, with all that can speak against it.
-- ARGV: P W jid queue now stamp front unique parent label ttl key | #waits waits… | fields…
-- unique: 1 refuses a second job of this id, 2 takes it for the same command sent again.
-- key: where a live job has it already, that one is the answer ('twin'); '' for none.
-- Returns {'ok', status} or {'twice' | 'twin' | 'unknown' | 'cancelled', which}.
-- with: keys
-- with: dependents
-- with: sole
local jid, queue, now, stamp, front = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local unique, parent, label, ttl = ARGV[8], ARGV[9], ARGV[10], tonumber(ARGV[11])
local key = job_key(jid)
local n = tonumber(ARGV[13])

if unique ~= '0' and call('EXISTS', key) == 1 then
  if unique == '1' then return {'twice', jid} end
  return {'ok', call('HGET', key, 'status') or ''}
end
-- Nothing is enqueued below a job that is being cancelled, however far above it stands.
local above, steps = parent, 0
while above ~= '' and steps < 100 do
  local seen = call('HMGET', job_key(above), 'status', 'weppd_parent')
  if seen[1] == 'canceled' or call('EXISTS', W .. 'cancel:' .. above, W .. 'closed:' .. above) > 0 then
    return {'cancelled', above}
  end
  above, steps = seen[2] or '', steps + 1
end
local twin = has_sole(ARGV[12], jid)
if twin then
  take_sole(ARGV[12], twin)
  return {'twin', twin}
end
local waits, failed = {}, {}
for i = 14, 13 + n do
  local status = call('HGET', job_key(ARGV[i]), 'status')
  if not status then return {'unknown', ARGV[i]} end
  if status ~= 'finished' then waits[#waits + 1] = ARGV[i] end
  if FAILED[status] then failed[#failed + 1] = {ARGV[i], status} end
end

call('HSET', key, 'status', 'created', unpack(ARGV, 14 + n))
take_sole(ARGV[12], jid)
if parent ~= '' then
  -- A label used twice must not hide the first child from a cancel.
  local children = W .. 'children:' .. parent
  if call('HEXISTS', children, label) == 1 then label = label .. ':' .. jid end
  call('HSET', children, label, jid)
end
call('SADD', P .. ':queues', queue_key(queue))
if #waits == 0 then
  push(jid, queue, front == '1', stamp)
  if ttl > 0 then call('EXPIRE', key, ttl) end
  return {'ok', 'queued'}
end
call('HSET', key, 'status', 'deferred')
call('ZADD', P .. ':deferred:' .. queue, now, jid)
for _, dependency in ipairs(waits) do
  call('SADD', job_key(dependency) .. ':dependents', jid)
  call('SADD', P .. ':job::' .. jid .. ':dependencies', dependency)
end
for _, pair in ipairs(failed) do settle_dependents(pair[1], pair[2], '', now, stamp) end
return {'ok', call('HGET', key, 'status')}
