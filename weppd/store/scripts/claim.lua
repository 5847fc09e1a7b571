-- Claim up to n jobs from the queues, in their order; and up to m in all, as long as the next one in
-- that order is short.
-- ARGV: P W node token now stamp cpus memory gap_s gap_cpus gap_memory |
--   #queues queues… | n workers… | m eids… | #short names of short functions…
-- Returns {suspended, {queues seen empty}, {{eid, jid, queue, hash}, …}}. A paused queue is passed
-- by, is not called empty (no bell may hang there), and makes the answer suspended. So does a queue
-- with jobs that ask for more than this node offers and another does: they keep their places. With a
-- gap_s above 0 only such jobs are taken as say that they fit into that gap.
-- with: keys
-- with: executions
local node, token, now, stamp = ARGV[3], ARGV[4], ARGV[5], ARGV[6]

if call('EXISTS', P .. ':suspended') == 1 then return {1, {}, {}} end
-- After a change of servers nobody claims before all have said what they run.
if call('EXISTS', W .. 'settle') == 1 then return {1, {}, {}} end

-- The node's last token: asked again, it gets again what is still its own.
local memory = W .. 'claim:' .. node
local last = call('GET', memory)
if last and string.sub(last, 1, #token) == token then
  local again = {}
  for eid, jid in string.gmatch(string.sub(last, #token + 1), '(%x+) ([^\n]+)\n') do
    local own = call('HMGET', exec_key(jid), 'eid', 'phase', 'queue')
    local hash = call('HGETALL', job_key(jid))
    if own[1] == eid and is_live(own[2]) and #hash > 0 then
      again[#again + 1] = {eid, jid, own[3], hash}
    end
  end
  return {0, {}, again}
end

-- An id is a word of logs, paths and frames: one that is none fails its job, under its own key.
local function nameable(jid) return jid ~= '' and not string.find(jid, '[^\32-\126]') end
local UNNAMEABLE = 'the job id has characters other than printable ASCII: enqueue it under another'
local function refuse(jid, queue)
  local key = job_key(jid)
  call('HSET', key, 'status', 'failed', 'ended_at', stamp, 'weppd_reason', UNNAMEABLE)
  call('ZADD', P .. ':failed:' .. queue, tonumber(now) + 31536000, jid)
  call('EXPIRE', key, 31536000)
  return nil
end

-- What a job's hash says to whoever may take it, read once: nil where it is no hash.
local looked = {}
local function look(jid)
  if looked[jid] == nil then
    local said = redis.pcall('HMGET', job_key(jid), 'status', 'description', 'weppd_cpus',
      'weppd_memory', 'weppd_expect', 'weppd_lock', 'weppd_tries', 'weppd_progress', 'weppd_usage',
      'weppd_reason', 'weppd_none')
    looked[jid] = not said.err and {
      status = said[1], description = said[2], cpus = said[3], memory = said[4], expect = said[5],
      lock = said[6], tries = said[7], worn = said[8] or said[9] or said[10] or said[11],
    }
  end
  return looked[jid] or nil
end

local parked = call('EXISTS', W .. 'parked') == 1
-- The job that a worker is shown with: the last one that it gets.
local busy = {}
local function take(jid, queue, eid, worker)
  local key, job = job_key(jid), look(jid)
  if not job or job.status == 'canceled' or call('HEXISTS', key, 'data') == 0 then return nil end
  local last = call('HMGET', exec_key(jid), 'phase', 'try')
  if is_live(last[1]) then return nil end
  if not nameable(jid) then return refuse(jid, queue) end
  -- Which claim of the job this is: of two that are told to a store that forgot, the later counts.
  local try = string.format('%d', math.max(whole(job.tries), whole(last[2]), -1) + 1)
  call('HSET', key, 'status', 'started', 'started_at', stamp, 'last_heartbeat', stamp,
    'ended_at', '', 'worker_name', worker, 'origin', queue, 'weppd_tries', try)
  if job.worn then
    call('HDEL', key, 'weppd_progress', 'weppd_usage', 'weppd_reason', 'weppd_none')
  end
  call('PERSIST', key)
  if parked then call('HDEL', W .. 'parked', jid) end
  call('DEL', exec_key(jid), W .. 'cancel:' .. jid, W .. 'closed:' .. jid)
  call('HSET', exec_key(jid), 'eid', eid, 'node', node, 'phase', 'claimed', 'worker', worker,
    'queue', queue, 'try', try)
  call('HSET', W .. 'live:' .. node, jid, eid)
  enter_execution(jid, eid, queue, worker, now)
  busy[worker] = jid
  return call('HGETALL', key)
end

-- Whether a job asks for more than this node offers, and another node offers that. Offers of 0 are
-- any amount.
local cpus, bytes = tonumber(ARGV[7]), tonumber(ARGV[8])
local own = ARGV[7] .. ' ' .. ARGV[8]
local function gives(offered, asked) return offered == 0 or not asked or asked <= offered end
local gap, gap_cpus, gap_bytes = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local function for_others(jid)
  local asked = look(jid)
  if not asked then return false end
  local wide, much = tonumber(asked.cpus or ''), tonumber(asked.memory or '')
  if gap > 0 then
    local long = tonumber(asked.expect or '')
    if not long or long > gap or not wide or wide > gap_cpus then return true end
    if bytes > 0 and (not much or much > gap_bytes) then return true end
  end
  if gives(cpus, wide) and gives(bytes, much) then return false end
  for _, offer in ipairs(call('HVALS', W .. 'offers')) do
    local c, m = string.match(offer, '^(%d+) (%d+)$')
    if gives(tonumber(c), wide) and gives(tonumber(m), much) then return true end
  end
  return false
end
if call('HGET', W .. 'offers', node) ~= own then call('HSET', W .. 'offers', node, own) end

local MOST_PASSED = 100
local at = 12
local queues = tonumber(ARGV[at])
local workers = at + queues + 1
local n = tonumber(ARGV[workers])
local eids = workers + n + 1
local m = tonumber(ARGV[eids])
local empty, claims, taken = {}, {}, {}

-- Who is short goes by the name in its description, where RQ's clients put it; and says nothing else
-- of itself. `mates` are the workers that got such a job: more are entered for them.
local names, mates = {}, {}
for i = eids + m + 2, #ARGV do names[ARGV[i]] = true end
local function is_short(jid)
  local said = m ~= n and look(jid)
  if not said or said.cpus or said.memory or said.lock or not said.description then return false end
  return names[string.match(said.description, '^([^(]+)%(') or ''] or false
end
local function worker_of(i)
  if i <= n then return ARGV[workers + i] end
  return mates[(i - n - 1) % #mates + 1]
end

local suspended, full = 0, false
for q = 1, queues do
  local queue = ARGV[at + q]
  local paused = call('SISMEMBER', W .. 'paused', queue) == 1
  if paused then suspended = 1 end
  local passed = {}
  while not full and not paused and #passed < MOST_PASSED do
    if #claims >= n then
      if #mates == 0 or #claims - n >= #mates * (m / n - 1) then full = true break end
      local head = call('LINDEX', queue_key(queue), 0)
      if head and not is_short(head) then full = true break end
    end
    local jid = call('LPOP', queue_key(queue))
    if not jid then
      if #passed == 0 then empty[#empty + 1] = queue end
      break
    end
    local i = #claims + 1
    local hash
    if for_others(jid) then
      passed[#passed + 1] = jid
    else
      hash = take(jid, queue, ARGV[eids + i], worker_of(i))
    end
    if hash then
      if i <= n and is_short(jid) then mates[#mates + 1] = ARGV[workers + i] end
      claims[i] = {ARGV[eids + i], jid, queue, hash}
      taken[i] = ARGV[eids + i] .. ' ' .. jid .. '\n'
    end
  end
  for p = #passed, 1, -1 do call('LPUSH', queue_key(queue), passed[p]) end
  if #passed > 0 then suspended = 1 end
end
for worker, jid in pairs(busy) do set_busy(worker, jid) end
if #claims > 0 then
  call('SET', memory, token .. table.concat(taken), 'EX', 604800)
end
return {suspended, empty, claims}
