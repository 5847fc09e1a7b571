-- Put finishes in place, each fenced by its execution id; what they have in common is written once.
-- ARGV: P W home db (of what is said), then for each:
--   #parts jid eid node worker queue force status ttl now stamp due flags worked channel reason
--   #fields fields… #entry entry… #events events… meta_before meta_after
-- flags: f at front, s a retry is spent, c a crash, r the job returned its retry
-- Returns {answer, released, meta written, number of children} for each, or what went wrong.
-- with: keys
-- with: executions
-- with: gather
-- with: dependents
-- with: held
-- with: said
local home, db = ARGV[3], ARGV[4]

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

local function leave(e, own)
  local here = among(left, P .. ':wip:' .. e.queue)
  here[#here + 1] = e.jid .. ':' .. e.eid
  here = among(gone, W .. 'live:' .. e.node)
  here[#here + 1] = e.jid
  if own[2] == 'running' then forget_execution(e.jid, e.eid, own[3]) end
  if own[3] and own[3] ~= e.worker then leave_worker(own[3], e.jid) end
end

-- Another turn of a job that is not over: a retry, at once or at its time.
local function again(e)
  local function has(flag) return string.find(e.flags, flag, 1, true) ~= nil end
  if has('s') and not has('r') then add(e.key, 'retries_left', -1) end
  if has('r') then add(e.key, 'number_of_retries', 1) end
  if has('c') then
    add(e.key, 'weppd_crashes', 1)
    local before = call('HGET', e.key, 'weppd_losses')
    call('HSET', e.key, 'weppd_losses', before and before .. '\n' .. e.reason or e.reason)
  end
  if e.status == 'scheduled' then
    call('ZADD', P .. ':scheduled:' .. e.queue, e.due, e.jid)
  else
    push(e.jid, e.queue, has('f'), e.stamp)
  end
end

-- One of rq's Repeat goes round again while it has repeats left; whether it does.
local function repeats(e, left)
  if left < 1 then return false end
  local good, seconds = pcall(cjson.decode, call('HGET', e.key, 'repeat_intervals') or '[]')
  seconds = good and type(seconds) == 'table' and seconds or {}
  local wait = whole(seconds[math.max(#seconds - left, 0) + 1])
  call('HSET', e.key, 'repeats_left', left - 1)
  if wait > 0 then
    call('HSET', e.key, 'status', 'scheduled')
    call('ZADD', P .. ':scheduled:' .. e.queue, tonumber(e.now) + wait, e.jid)
  else
    push(e.jid, e.queue, false, e.stamp)
  end
  return true
end

-- An end as it was sent, its parts from `at` on.
local function read(at)
  local f1, f2, e1, e2, v1, v2, meta
  f1, f2, meta = list(at + 15)
  e1, e2, meta = list(meta)
  v1, v2, meta = list(meta)
  local jid = ARGV[at]
  local key = job_key(jid)
  return {
    jid = jid, eid = ARGV[at + 1], node = ARGV[at + 2], worker = ARGV[at + 3],
    queue = ARGV[at + 4], force = ARGV[at + 5], status = ARGV[at + 6],
    ttl = tonumber(ARGV[at + 7]), now = ARGV[at + 8], stamp = ARGV[at + 9], due = ARGV[at + 10],
    flags = ARGV[at + 11], worked = ARGV[at + 12], channel = ARGV[at + 13],
    reason = ARGV[at + 14], f1 = f1, f2 = f2, e1 = e1, e2 = e2, v1 = v1, v2 = v2,
    before = ARGV[meta], after = ARGV[meta + 1], key = key, entered = exec_key(jid),
    waits = key .. ':dependents', waited = P .. ':job::' .. jid .. ':dependencies',
    stream = P .. ':results:' .. jid, children = W .. 'children:' .. jid,
    has_kin = false, asked = false, kept = false, canceled = false, terminal = false,
  }
end

-- Why an end is not to be written, if it is not.
local function fenced(e, own)
  if own[1] == e.eid and is_live(own[2]) then return nil end
  if own[1] == e.eid or call('EXISTS', W .. 'done:' .. e.eid) == 1 then return 'already mine' end
  if own[1] then return 'fenced' end
  if e.force ~= '1' then return 'absent' end
  call('LREM', queue_key(e.queue), 0, e.jid)
  call('HSET', e.entered, 'eid', e.eid, 'node', e.node)
end

-- What hangs on a job: whether it has dependents, dependencies or children, and why somebody asked
-- for its end. Most have nothing of all that, and no locks.
local function let_loose(e)
  local cancel = W .. 'cancel:' .. e.jid
  if call('EXISTS', e.waits, e.waited, e.children, cancel, held_key(e.jid)) == 0 then
    return false, false
  end
  -- Who sees the end of a job finds its locks gone.
  let_go_of_all(e.jid)
  local asked = call('GET', cancel)
  if asked then call('DEL', cancel) end
  return call('EXISTS', e.waits, e.waited, e.children) > 0, asked
end

local function live_for(e, seconds)
  for _, each in ipairs(e.has_kin and {e.key, e.stream, e.waits, e.waited, e.children}
    or {e.key, e.stream}) do
    if seconds < 0 then call('PERSIST', each) else call('EXPIRE', each, seconds) end
  end
end

-- Write the job's fields and its result; whether its meta was what we thought.
local function write(e, meta)
  call('HSET', e.key, unpack(ARGV, e.f1, e.f2))
  if e.canceled then call('HSET', e.key, 'status', 'canceled', 'ended_at', e.stamp) end
  if e.kept then
    call('HSET', e.key, 'weppd_reason', e.reason)
    place('canceled', e.queue, e.now, e.jid)
  end
  if e.e2 >= e.e1 then call('XADD', e.stream, 'MAXLEN', '~', 10, '*', unpack(ARGV, e.e1, e.e2)) end
  if e.after == '' or meta == e.after then return 1 end
  if meta ~= e.before then return 0 end
  call('HSET', e.key, 'meta', e.after)
  return 1
end

-- Where a job goes whose hash stands: into a registry, or round again.
local function register(e, left)
  if e.canceled then
    if e.ttl ~= 0 then live_for(e, e.ttl) end
  elseif not e.terminal then
    again(e)
  elseif e.status ~= 'finished' or e.asked or not repeats(e, left) then
    local score = tonumber(e.now) + e.ttl
    if e.ttl < 0 then score = e.status == 'finished' and '+inf' or -1 end
    if e.status == 'canceled' then score = e.now end
    place(e.status == 'stopped' and 'failed' or e.status, e.queue, score, e.jid)
    live_for(e, e.ttl)
  end
end

-- The hash of a job, its result and its registry. Returns whether its meta was what we thought.
local function settle(e)
  local seen = call('HMGET', e.key, 'status', 'created_at', 'repeats_left', 'weppd_crashes',
    'weppd_losses', e.after ~= '' and 'meta' or 'status')
  e.canceled = e.kept or seen[1] == 'canceled'
  if not seen[2] then
    -- Deleted while it ran; what a late save_meta may have made of it goes too.
    call('DEL', e.key)
    call('EXPIRE', e.children, DONE)
    e.terminal = true
    return 1
  end
  if e.status == 'finished' and e.ttl == 0 and not e.canceled then
    -- A cancel still finds its way through it.
    call('DEL', e.key, e.waited, e.stream)
    call('EXPIRE', e.children, DONE)
    return 1
  end
  local written = write(e, seen[6] or '')
  -- A job that is requeued by hand begins with a clean slate.
  if e.terminal and (seen[4] or seen[5]) then
    call('HDEL', e.key, 'weppd_crashes', 'weppd_losses')
  end
  register(e, whole(seen[3]))
  e.terminal = e.terminal or e.canceled
  return written
end

local function finish(at)
  local e = read(at)
  local own = call('HMGET', e.entered, 'eid', 'phase', 'worker', 'node', 'queue', 'turn')
  local why = fenced(e, own)
  if why then return {why, 0, 0} end
  if e.worker == '' then e.worker = own[3] or '' end
  e.queue, e.node = own[5] or e.queue, own[4] or e.node
  e.has_kin, e.asked = let_loose(e)
  leave(e, own)
  -- Who was asked to end does not go round again, whatever ended this execution.
  e.kept = e.asked and (e.status == 'queued' or e.status == 'scheduled')
  if e.kept then e.status, e.reason = 'canceled', e.asked end
  leave_worker(e.worker, e.jid, e.status == 'finished' and 'finished' or 'failed', e.worked)
  -- In this order: a server that is full admits what follows on a write that takes no memory.
  call('EXPIRE', e.entered, DONE)
  call('HSET', e.entered, 'phase', e.status)
  e.terminal = e.status ~= 'queued' and e.status ~= 'scheduled'
  local written = settle(e)
  if own[6] then pass_turn(own[6], e.jid) end
  local released, many = 0, 0
  if e.has_kin then
    if e.terminal then
      released = settle_dependents(e.jid, e.status, e.reason, e.now, e.stamp)
    end
    if e.status == 'finished' and e.ttl == 0 then call('DEL', e.waits) end
    many = call('EXISTS', e.key) == 1 and call('HLEN', e.children) or 0
  end
  if e.channel ~= '' then
    for i = e.v1, e.v2 do say(home, db, e.channel, ARGV[i]) end
  end
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
