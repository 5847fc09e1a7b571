-- Put one finish in place, fenced by its execution id.
-- ARGV: P W jid eid node worker queue force status ttl now stamp due flags worked channel reason
--       #fields fields… #entry entry… #events events… meta_before meta_after
--       home db (of what is said)
-- flags: f at front, s a retry is spent, c a crash, r the job returned its retry
-- Returns {answer, released, meta written, number of children}.
-- with: keys
-- with: executions
-- with: dependents
-- with: held
-- with: said
local jid, eid, node, worker, queue = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local status, ttl, now, stamp = ARGV[9], tonumber(ARGV[10]), ARGV[11], ARGV[12]
local due, flags, worked, channel, reason = ARGV[13], ARGV[14], ARGV[15], ARGV[16], ARGV[17]
local key = job_key(jid)
local DONE = 604800

local own = call('HMGET', exec_key(jid), 'eid', 'phase', 'worker', 'node', 'queue', 'turn')
if own[1] ~= eid or not is_live(own[2]) then
  if call('EXISTS', W .. 'done:' .. eid) == 1 then return {'already mine', 0, 0} end
  if own[1] then return {'fenced', 0, 0} end
  if ARGV[8] ~= '1' then return {'absent', 0, 0} end
  call('LREM', queue_key(queue), 0, jid)
end
if worker == '' then worker = own[3] or '' end
queue = own[5] or queue
node = own[4] or node

-- The argument lists.
local function list(at)
  local n = tonumber(ARGV[at])
  return at + 1, at + n, at + n + 1
end
local f1, f2, at = list(18)
local e1, e2, at = list(at)
local v1, v2, at = list(at)
local meta_before, meta_after = ARGV[at], ARGV[at + 1]

-- Who sees the end of a job finds its locks gone.
let_go_of_all(jid)
leave_execution(jid, eid, queue, worker, node)
if own[3] and own[3] ~= worker then set_idle(own[3], jid) end
local registered = set_idle(worker, jid)
-- Who was asked to end does not go round again, whatever ended this execution.
local asked = call('GET', W .. 'cancel:' .. jid)
local kept = asked and (status == 'queued' or status == 'scheduled')
if kept then status, reason = 'canceled', asked end
call('HSET', exec_key(jid), 'eid', eid, 'node', node, 'phase', status)
call('EXPIRE', exec_key(jid), DONE)
call('SET', W .. 'done:' .. eid, status, 'EX', DONE)
if asked then call('DEL', W .. 'cancel:' .. jid) end
if registered then
  local word = status == 'finished' and 'successful_job_count' or 'failed_job_count'
  call('HINCRBY', worker_key(worker), word, 1)
  call('HINCRBYFLOAT', worker_key(worker), 'total_working_time', worked)
end

local function has(flag) return string.find(flags, flag, 1, true) ~= nil end
local hung = {key .. ':dependents', P .. ':job::' .. jid .. ':dependencies', P .. ':results:' .. jid}

local children = W .. 'children:' .. jid
-- Whether it has dependents, dependencies or children: most have none.
local has_kin = call('EXISTS', hung[1], hung[2], children) > 0

local function live_for(seconds)
  for _, each in ipairs(has_kin and {key, hung[3], hung[1], hung[2], children} or {key, hung[3]}) do
    if seconds < 0 then call('PERSIST', each) else call('EXPIRE', each, seconds) end
  end
end

local function again()
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
    push(jid, queue, has('f'), stamp)
  end
end

local seen = call('HMGET', key, 'status', 'created_at', 'repeats_left', 'weppd_crashes',
  'weppd_losses', meta_after ~= '' and 'meta' or 'status')
local function repeats()
  local left = whole(seen[3])
  if left < 1 then return false end
  local raw = call('HGET', key, 'repeat_intervals')
  local good, seconds = pcall(cjson.decode, raw or '[]')
  seconds = good and type(seconds) == 'table' and seconds or {}
  local wait = whole(seconds[math.max(#seconds - left, 0) + 1])
  call('HSET', key, 'repeats_left', left - 1)
  if wait > 0 then
    call('HSET', key, 'status', 'scheduled')
    call('ZADD', P .. ':scheduled:' .. queue, tonumber(now) + wait, jid)
  else
    push(jid, queue, false, stamp)
  end
  return true
end

local terminal = status ~= 'queued' and status ~= 'scheduled'
local meta_written = 1
local canceled = kept or seen[1] == 'canceled'
if not seen[2] then
  -- Deleted while it ran; what a late save_meta may have made of it goes too.
  call('DEL', key)
  call('EXPIRE', children, DONE)
  terminal = true
elseif status == 'finished' and ttl == 0 and not canceled then
  -- A cancel still finds its way through it.
  call('DEL', key, hung[2], hung[3])
  call('EXPIRE', children, DONE)
else
  local fields = {unpack(ARGV, f1, f2)}
  if meta_after ~= '' then
    local meta = seen[6] or ''
    if meta == meta_before then
      fields[#fields + 1], fields[#fields + 2] = 'meta', meta_after
    elseif meta ~= meta_after then
      meta_written = 0
    end
  end
  call('HSET', key, unpack(fields))
  if canceled then call('HSET', key, 'status', 'canceled', 'ended_at', stamp) end
  if kept then
    call('HSET', key, 'weppd_reason', asked)
    call('ZADD', P .. ':canceled:' .. queue, now, jid)
  end
  if e2 >= e1 then call('XADD', hung[3], 'MAXLEN', '~', 10, '*', unpack(ARGV, e1, e2)) end
  -- A job that is requeued by hand begins with a clean slate.
  if terminal and (seen[4] or seen[5]) then call('HDEL', key, 'weppd_crashes', 'weppd_losses') end
  if canceled then
    terminal = true
    if ttl ~= 0 then live_for(ttl) end
  elseif not terminal then
    again()
  elseif status ~= 'finished' or asked or not repeats() then
    local registry = status == 'stopped' and 'failed' or status
    local score = tonumber(now) + ttl
    if ttl < 0 then score = status == 'finished' and '+inf' or -1 end
    if status == 'canceled' then score = now end
    call('ZADD', P .. ':' .. registry .. ':' .. queue, score, jid)
    live_for(ttl)
  end
end

if own[6] then pass_turn(own[6], jid) end
local released = 0
if terminal and has_kin then released = settle_dependents(jid, status, reason, now, stamp) end
if status == 'finished' and ttl == 0 then call('DEL', hung[1]) end
if channel ~= '' then
  for i = v1, v2 do say(ARGV[at + 2], ARGV[at + 3], channel, ARGV[i]) end
end
local many = has_kin and call('EXISTS', key) == 1 and call('HLEN', children) or 0
return {'ok', released, meta_written, many}
