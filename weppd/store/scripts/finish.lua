-- Put finishes in place, each fenced by its execution id; what they have in common is written once.
-- ARGV: P W home db (of what is said), then for each:
--   #parts jid eid node worker queue force status ttl now stamp due flags worked reason
--   #fields fields… meta meta_after #entry entry… #events channel text… meta_before
-- flags: f at front, s a retry is spent, c a crash, r the job returned its retry
-- Returns {answer, released, meta written, number of children} for each, or what went wrong.
-- with: keys
-- with: executions
-- with: gather
local home, db = ARGV[3], ARGV[4]

-- What few ends need is made for those: each function costs a script some time, called or not.
local function kin()
-- with: dependents
  return push, pass_turn, settle_dependents
end
local function let_go(jid)
-- with: held
  let_go_of_all(jid)
end
local function tell(channel, text)
-- with: said
  say(home, db, channel, text)
end

local function list(at)
  local n = tonumber(ARGV[at])
  return at + 1, at + n, at + n + 1
end

-- Entries of registries that come and go, executions of nodes that are over, what workers did.
local placed, left, gone, workers = {}, {}, {}, {}
local function place(registry, queue, score, jid)
  local here = among(placed, P .. ':' .. registry .. ':' .. queue)
  here[#here + 1] = score
  here[#here + 1] = jid
end

-- `word` is nil for a worker under whose name a job was only claimed.
local function leave_worker(worker, jid, word, worked)
  local seen = workers[worker]
  if not seen then
    seen = {jids = {}, finished = 0, failed = 0, seconds = 0}
    workers[worker] = seen
  end
  seen.jids[jid] = true
  if word then
    seen[word] = seen[word] + 1
    seen.seconds = seen.seconds + tonumber(worked)
  end
end

local COUNTS = {finished = 'successful_job_count', failed = 'failed_job_count'}
local function write_worker(worker, seen)
  local key, fields = worker_key(worker), {}
  local function set(name, value) fields[#fields + 1], fields[#fields + 2] = name, value end
  local had = call('HMGET', key, 'current_job', 'birth', COUNTS.finished, COUNTS.failed,
    'total_working_time')
  local shown = had[1] and seen.jids[had[1]]
  if shown then set('state', 'idle') end
  if had[2] then
    if seen.finished > 0 then set(COUNTS.finished, whole(had[3]) + seen.finished) end
    if seen.failed > 0 then set(COUNTS.failed, whole(had[4]) + seen.failed) end
    set('total_working_time', string.format('%.6f', (tonumber(had[5] or 0) or 0) + seen.seconds))
  end
  if #fields > 0 then call('HSET', key, unpack(fields)) end
  if shown then call('HDEL', key, 'current_job', 'current_job_working_time') end
end

-- The end that is being written, as it was sent: a table of all that would be large for each.
local jid, eid, node, worker, queue, force, status, ttl, now, stamp, due, flags, worked, reason
local f1, f2, e1, e2, v1, v2, before, after
-- The keys of its job; what is found of it.
local key, entered, waits, waited, stream, children
local has_kin, asked, kept, canceled, terminal

local function leave(own)
  local here = among(left, P .. ':wip:' .. queue)
  here[#here + 1] = jid .. ':' .. eid
  here = among(gone, W .. 'live:' .. node)
  here[#here + 1] = jid
  if own[2] == 'running' then forget_execution(jid, eid, own[3]) end
  if own[3] and own[3] ~= worker then leave_worker(own[3], jid) end
end

-- Another turn of a job that is not over: a retry, at once or at its time.
local function again()
  local function has(flag) return string.find(flags, flag, 1, true) ~= nil end
  if has('s') and not has('r') then add(key, 'retries_left', -1) end
  if has('r') then add(key, 'number_of_retries', 1) end
  if has('c') then
    add(key, 'weppd_crashes', 1)
    local before = call('HGET', key, 'weppd_losses')
    call('HSET', key, 'weppd_losses', before and before .. '\n' .. reason or reason)
  end
  if status == 'scheduled' then
    call('ZADD', P .. ':scheduled:' .. queue, due, jid)
  else
    local push = kin()
    push(jid, queue, has('f'), stamp)
  end
end

-- One of rq's Repeat goes round again while it has repeats left; whether it does.
local function repeats(left)
  if left < 1 then return false end
  local good, seconds = pcall(cjson.decode, call('HGET', key, 'repeat_intervals') or '[]')
  seconds = good and type(seconds) == 'table' and seconds or {}
  local wait = whole(seconds[math.max(#seconds - left, 0) + 1])
  call('HSET', key, 'repeats_left', left - 1)
  if wait > 0 then
    call('HSET', key, 'status', 'scheduled')
    call('ZADD', P .. ':scheduled:' .. queue, tonumber(now) + wait, jid)
  else
    local push = kin()
    push(jid, queue, false, stamp)
  end
  return true
end

-- Read an end as it was sent, its parts from `at` on.
local function read(at)
  jid, eid, node, worker, queue, force, status = unpack(ARGV, at, at + 6)
  ttl, now, stamp = tonumber(ARGV[at + 7]), ARGV[at + 8], ARGV[at + 9]
  due, flags, worked, reason = unpack(ARGV, at + 10, at + 13)
  f1, f2, at = list(at + 14)
  after = ARGV[at + 1]
  e1, e2, at = list(at + 2)
  v1, v2, at = list(at)
  before = ARGV[at]
  key, entered = job_key(jid), exec_key(jid)
  waits, waited = key .. ':dependents', P .. ':job::' .. jid .. ':dependencies'
  stream, children = P .. ':results:' .. jid, W .. 'children:' .. jid
end

-- Why an end is not to be written, if it is not.
local function fenced(own)
  if own[1] == eid and is_live(own[2]) then return nil end
  if own[1] == eid or call('EXISTS', W .. 'done:' .. eid) == 1 then return 'already mine' end
  if own[1] then return 'fenced' end
  if force ~= '1' then return 'absent' end
  call('LREM', queue_key(queue), 0, jid)
  call('HSET', entered, 'eid', eid, 'node', node)
end

-- What hangs on a job: whether it has dependents, dependencies or children, and why somebody asked
-- for its end. Most have nothing of all that, and no locks.
local function let_loose()
  local cancel = W .. 'cancel:' .. jid
  if call('EXISTS', waits, waited, children, cancel, W .. 'held:' .. jid) == 0 then
    return false, false
  end
  -- Who sees the end of a job finds its locks gone.
  let_go(jid)
  local asked = call('GET', cancel)
  if asked then call('DEL', cancel) end
  return call('EXISTS', waits, waited, children) > 0, asked
end

local function live_for(seconds)
  for _, each in ipairs(has_kin and {key, stream, waits, waited, children}
    or {key, stream}) do
    if seconds < 0 then call('PERSIST', each) else call('EXPIRE', each, seconds) end
  end
end

-- Write the job's fields and its result; and its meta, unless it is not what we thought: whether it is.
local function write(meta)
  local done = after == '' or meta == after
  local fits = not done and meta == before
  call('HSET', key, unpack(ARGV, f1, fits and f2 + 2 or f2))
  if canceled then call('HSET', key, 'status', 'canceled', 'ended_at', stamp) end
  if kept then
    call('HSET', key, 'weppd_reason', reason)
    place('canceled', queue, now, jid)
  end
  if e2 >= e1 then call('XADD', stream, 'MAXLEN', '~', 10, '*', unpack(ARGV, e1, e2)) end
  return (done or fits) and 1 or 0
end

-- Where a job goes whose hash stands: into a registry, or round again.
local function register(left)
  if canceled then
    if ttl ~= 0 then live_for(ttl) end
  elseif not terminal then
    again()
  elseif status ~= 'finished' or asked or not repeats(left) then
    local score = tonumber(now) + ttl
    if ttl < 0 then score = status == 'finished' and '+inf' or -1 end
    if status == 'canceled' then score = now end
    place(status == 'stopped' and 'failed' or status, queue, score, jid)
    live_for(ttl)
  end
end

-- The hash of a job, its result and its registry. Returns whether its meta was what we thought.
local function settle()
  local seen = call('HMGET', key, 'status', 'created_at', 'repeats_left', 'weppd_crashes',
    'weppd_losses', after ~= '' and 'meta' or 'status')
  canceled = kept or seen[1] == 'canceled'
  if not seen[2] then
    -- Deleted while it ran; what a late save_meta may have made of it goes too.
    call('DEL', key)
    call('EXPIRE', children, DONE)
    terminal = true
    return 1
  end
  if status == 'finished' and ttl == 0 and not canceled then
    -- A cancel still finds its way through it.
    call('DEL', key, waited, stream)
    call('EXPIRE', children, DONE)
    return 1
  end
  local written = write(seen[6] or '')
  -- A job that is requeued by hand begins with a clean slate.
  if terminal and (seen[4] or seen[5]) then
    call('HDEL', key, 'weppd_crashes', 'weppd_losses')
  end
  register(whole(seen[3]))
  terminal = terminal or canceled
  return written
end

local function finish(at)
  read(at)
  local own = call('HMGET', entered, 'eid', 'phase', 'worker', 'node', 'queue', 'turn')
  local why = fenced(own)
  if why then return {why, 0, 0} end
  if worker == '' then worker = own[3] or '' end
  queue, node = own[5] or queue, own[4] or node
  has_kin, asked = let_loose()
  leave(own)
  -- Who was asked to end does not go round again, whatever ended this execution.
  kept = asked and (status == 'queued' or status == 'scheduled')
  if kept then status, reason = 'canceled', asked end
  leave_worker(worker, jid, status == 'finished' and 'finished' or 'failed', worked)
  -- In this order: a server that is full admits what follows on a write that takes no memory.
  call('EXPIRE', entered, DONE)
  call('HSET', entered, 'phase', status)
  terminal = status ~= 'queued' and status ~= 'scheduled'
  local written = settle()
  if own[6] then
    local _, pass_turn = kin()
    pass_turn(own[6], jid)
  end
  local released, many = 0, 0
  if has_kin then
    if terminal then
      local _, _, settle_dependents = kin()
      released = settle_dependents(jid, status, reason, now, stamp)
    end
    if status == 'finished' and ttl == 0 then call('DEL', waits) end
    many = call('EXISTS', key) == 1 and call('HLEN', children) or 0
  end
  for i = v1, v2, 2 do tell(ARGV[i], ARGV[i + 1]) end
  return {'ok', released, written, many}
end

-- One that goes wrong is told in its place, and takes none of the others along.
local answers, at = {}, 5
while at <= #ARGV do
  local good, said = pcall(finish, at + 1)
  answers[#answers + 1] = good and said or failure(said)
  at = at + 1 + tonumber(ARGV[at])
end
write_all('ZREM', left)
write_all('HDEL', gone)
write_all('ZADD', placed)
for worker, seen in pairs(workers) do write_worker(worker, seen) end
return answers
