-- End jobs of one queue that a worker of RQ's own had begun, where it is gone: RQ leaves them
-- started until another of its workers looks, and where weppd took the queues there is none.
-- Both must say so: the worker's record, which ends 90 s after its last word, and the score of its
-- execution, until when it promised to be heard again. Ours are +inf.
-- As with RQ's own workers the job has failed, or waits again if it has retries left.
-- A worker that is killed as it takes a job leaves it in its queue's intermediate list. It had not
-- begun: seen there for a minute, it is the queue's first again. When it was seen first RQ's workers
-- write down as well, under the same key.
-- ARGV: P W now stamp queue most. Returns how many were ended.
-- with: keys
-- with: dependents
-- with: moment
local now, stamp, queue, most = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local wip, gone = P .. ':wip:' .. queue, 0

local function fail(jid, why)
  local key = job_key(jid)
  local ttl = tonumber(call('HGET', key, 'failure_ttl') or '') or YEAR
  call('HSET', key, 'status', 'failed', 'ended_at', stamp, 'weppd_reason', why)
  call('ZADD', P .. ':failed:' .. queue, ttl < 0 and -1 or tonumber(now) + ttl, jid)
  if ttl >= 0 then call('EXPIRE', key, ttl) end
  settle_dependents(jid, 'failed', why, now, stamp)
end

local past = '(' .. (moment() or now)
for _, member in ipairs(call('ZRANGEBYSCORE', wip, '-inf', past, 'LIMIT', 0, most)) do
  -- A job's id and its execution's; RQ before 2 had the job's alone.
  local whole_id = call('EXISTS', job_key(member)) == 1
  local jid = whole_id and member or string.match(member, '^(.*):.-$') or member
  local seen = call('HMGET', job_key(jid), 'status', 'worker_name', 'retries_left')
  local worker = seen[2] or ''
  local lives = worker ~= '' and call('EXISTS', worker_key(worker)) == 1
  if not lives and not is_live(call('HGET', exec_key(jid), 'phase')) then
    call('ZREM', wip, member)
    if seen[1] == 'started' then
      gone = gone + 1
      if whole(seen[3]) > 0 then
        call('HINCRBY', job_key(jid), 'retries_left', -1)
        push(jid, queue, false, stamp)
      else
        fail(jid, 'worker ' .. worker .. ' of RQ, which ran it, is gone')
      end
    end
  end
end

local taken, at = queue_key(queue) .. ':intermediate', tonumber(moment() or now)
for _, jid in ipairs(call('LRANGE', taken, 0, most - 1)) do
  local seen = taken .. ':first_seen:' .. jid
  local status = call('HGET', job_key(jid), 'status')
  local first = tonumber(call('GET', seen) or '')
  if status ~= 'queued' then
    call('LREM', taken, 1, jid)
  elseif not first then
    call('SET', seen, at, 'EX', 86400)
  elseif at - first > 60 then
    call('LREM', taken, 0, jid)
    call('DEL', seen)
    push(jid, queue, true, stamp)
    gone = gone + 1
  end
end
return gone
