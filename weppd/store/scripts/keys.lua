-- The keys, from RQ's prefix P and weppd's own prefix W (which ends in a colon).
local P, W = ARGV[1], ARGV[2]
local call = redis.call

local function job_key(jid) return P .. ':job:' .. jid end
local function exec_key(jid) return W .. 'exec:' .. jid end
local function worker_key(name) return P .. ':worker:' .. name end
local function queue_key(name) return P .. ':queue:' .. name end
-- A claim that found the queues empty, all of its arguments, to be carried out with the next job that
-- comes: on a bell's line a claim is sent behind the bell, and so runs as that rings. Only while the
-- node is alone: a host may die without its connections being closed, and others could have the job.
-- For the same reason it lapses unless a heartbeat comes within POSTED_MS: then the bell only rings.
-- The node's next claim revokes it, and has its token: so it gets what a lost reply would have told.
local function posted_key(node) return W .. 'posted:' .. node end
local POSTED_MS = 7500

-- A number as the wire has it, or 0 for what is none: producers write these fields, and an error in
-- a script would cost all jobs of its call.
local function whole(text)
  local n = tonumber(text or 0) or 0
  if n ~= n or math.abs(n) > 2 ^ 53 then return 0 end
  return math.floor(n)
end
local function add(key, field, n)
  local sum = math.max(0, whole(call('HGET', key, field)) + n)
  call('HSET', key, field, string.format('%d', sum))
  return sum
end

-- Whether an execution of this job is about to run or runs.
local function is_live(phase) return phase == 'claimed' or phase == 'running' end
