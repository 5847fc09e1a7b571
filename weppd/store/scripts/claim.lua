-- Claim up to n jobs from the queues, in their order; and up to m in all, as long as the next one in
-- that order is short: as many more for each worker that got a short one, and one for each of those
-- that have some already.
-- ARGV: P W node ''  to carry out the claim that the node has posted, if any; else
--   P W node token now stamp cpus memory gap_s gap_cpus gap_memory |
--   #queues queues… | n workers… | m eids… | #behind workers… |
--   #short names of short functions…
-- Returns {suspended, {queues seen empty}, {{eid, jid, queue, hash}, …}, token}. One that finds all
-- queues empty is posted, and its token begins with '+': the next bell of the node's carries it out
-- (see `posted_key`). A paused queue is passed
-- by, is not called empty (no bell may hang there), and makes the answer suspended. So does a queue
-- with jobs that ask for more than this node offers and another does: they keep their places. With a
-- gap_s above 0 only such jobs are taken as say that they fit into that gap.
-- with: keys
-- with: executions
-- with: gather
local ARGV, node = ARGV, ARGV[3]
local posted = posted_key(node)
local rung = ARGV[4] == ''
if rung then
-- with: moment
  local ask = call('GET', posted)
  local now, stamp = moment()
  if not ask or not now or #call('SMEMBERS', W .. 'nodes') > 1 then return {0, {}, {}, ''} end
  ARGV = cmsgpack.unpack(ask)
  ARGV[5], ARGV[6] = now, stamp
end
local token, now, stamp = ARGV[4], ARGV[5], ARGV[6]

-- What stands in the way of claims: mostly nothing does, but for what this node has posted itself.
local settle, paused, parked = W .. 'settle', W .. 'paused', W .. 'parked'
local stands = call('EXISTS', P .. ':suspended', settle, paused, parked, posted)
if stands > 0 then stands = stands - (rung and 1 or call('DEL', posted)) end
if stands == 0 then
  paused, parked = nil, nil
elseif call('EXISTS', P .. ':suspended', settle) > 0 then
  -- After a change of servers nobody claims before all have said what they run.
  return {1, {}, {}, ''}
end

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
  return {0, {}, again, token}
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
      'weppd_memory', 'weppd_expect', 'weppd_lock', 'weppd_tries', 'data', 'weppd_progress',
      'weppd_usage', 'weppd_reason', 'weppd_none')
    looked[jid] = not said.err and {
      status = said[1], description = said[2], cpus = said[3], memory = said[4], expect = said[5],
      lock = said[6], tries = said[7], data = said[8],
      worn = said[9] or said[10] or said[11] or said[12],
    }
  end
  return looked[jid] or nil
end

-- The job that a worker is shown with: the last one that it gets. What all of them add to lists.
local busy, wip, live = {}, {}, {}
local function take(jid, queue, eid, worker)
  local key, job = job_key(jid), look(jid)
  if not job or job.status == 'canceled' or not job.data then return nil end
  local last = call('HMGET', exec_key(jid), 'phase', 'try', 'eid')
  if is_live(last[1]) then return nil end
  if not nameable(jid) then return refuse(jid, queue) end
  outlive(last[3], last[1])
  -- Which claim of the job this is: of two that are told to a store that forgot, the later counts.
  local try = string.format('%d', math.max(whole(job.tries), whole(last[2]), -1) + 1)
  call('HSET', key, 'status', 'started', 'started_at', stamp, 'last_heartbeat', stamp,
    'ended_at', '', 'worker_name', worker, 'origin', queue, 'weppd_tries', try)
  if job.worn then
    call('HDEL', key, 'weppd_progress', 'weppd_usage', 'weppd_reason', 'weppd_none')
  end
  call('PERSIST', key)
  if parked then call('HDEL', parked, jid) end
  call('DEL', exec_key(jid), W .. 'cancel:' .. jid, W .. 'closed:' .. jid)
  call('HSET', exec_key(jid), 'eid', eid, 'node', node, 'phase', 'claimed', 'worker', worker,
    'queue', queue, 'try', try)
  live[#live + 1], live[#live + 2] = jid, eid
  local here = among(wip, P .. ':wip:' .. queue)
  here[#here + 1], here[#here + 2] = '+inf', jid .. ':' .. eid
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
local behind = eids + m + 1
local others = tonumber(ARGV[behind])
local each = n > 0 and math.floor((m - others) / n) - 1 or 0
local empty, claims, taken = {}, {}, {}

-- Who is short goes by the name in its description, where RQ's clients put it; and says nothing else
-- of itself. `mates` are the workers that got such a job: more are entered for them.
local names, mates = {}, {}
for i = behind + others + 2, #ARGV do names[ARGV[i]] = true end
local function is_short(jid)
  local said = m ~= n and look(jid)
  if not said or said.cpus or said.memory or said.lock or not said.description then return false end
  return names[string.match(said.description, '^([^(]+)%(') or ''] or false
end
local function worker_of(i)
  if i <= n then return ARGV[workers + i] end
  local ours = #mates * each
  if i - n > ours then return ARGV[behind + i - n - ours] end
  return mates[(i - n - 1) % #mates + 1]
end

-- How many jobs more may be taken: any, and beyond the workers such as are short.
local function room()
  if #claims < n then return n - #claims end
  return #mates * each + others - (#claims - n)
end

local function enter(jid, queue)
  local i = #claims + 1
  local hash = take(jid, queue, ARGV[eids + i], worker_of(i))
  if not hash then return end
  if i <= n and is_short(jid) then mates[#mates + 1] = ARGV[workers + i] end
  claims[i] = {ARGV[eids + i], jid, queue, hash}
  taken[i] = ARGV[eids + i] .. ' ' .. jid .. '\n'
end

-- Take what may be taken of a queue. `head` is what was popped, and how much of it was looked at;
-- `passed` keep their places.
local suspended, full = 0, false
local function fill(queue, head, passed)
  while #passed < MOST_PASSED do
    local more = room()
    if more <= 0 then full = true return end
    if head.at == #head and #head == head.asked then
      local popped = call('LPOP', queue_key(queue), more) or {}
      for i = 1, math.max(#head, #popped) do head[i] = popped[i] end
      head.at, head.asked = 0, more
    end
    local jid = head[head.at + 1]
    if not jid then
      if #passed == 0 then empty[#empty + 1] = queue end
      return
    end
    if #claims >= n and not is_short(jid) then full = true return end
    head.at = head.at + 1
    if for_others(jid) then passed[#passed + 1] = jid else enter(jid, queue) end
  end
end

local function put_back(queue, jids, from)
  for i = #jids, from, -1 do call('LPUSH', queue_key(queue), jids[i]) end
end

local wrong
for q = 1, queues do
  local queue = ARGV[at + q]
  if paused and call('SISMEMBER', paused, queue) == 1 then
    suspended = 1
  elseif not full then
    local head, passed = {at = 0, asked = 0}, {}
    local good, why = pcall(fill, queue, head, passed)
    put_back(queue, head, head.at + 1)
    put_back(queue, passed, 1)
    if #passed > 0 then suspended = 1 end
    if not good then
      wrong = failure(why)
      break
    end
  end
end
for worker, jid in pairs(busy) do set_busy(worker, jid) end
write_all('ZADD', wip)
write_all('HSET', {[W .. 'live:' .. node] = live})
if #claims > 0 then
  call('SET', memory, token .. table.concat(taken), 'EX', 604800)
  if rung then call('DEL', posted) end
elseif not rung and gap == 0 and n > 0 and #empty == queues
  and #call('SMEMBERS', W .. 'nodes') < 2 then
  -- On a server that is full it is not, and the bell only rings.
  local put = redis.pcall('SET', posted, cmsgpack.pack(ARGV), 'PX', POSTED_MS)
  if not put.err then token = '+' .. token end
end
return wrong or {suspended, empty, claims, token}
