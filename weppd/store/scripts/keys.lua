-- The keys, from RQ's prefix P and weppd's own prefix W (which ends in a colon).
local P, W = ARGV[1], ARGV[2]
local call = redis.call

local function job_key(jid) return P .. ':job:' .. jid end
local function exec_key(jid) return W .. 'exec:' .. jid end
local function worker_key(name) return P .. ':worker:' .. name end
local function queue_key(name) return P .. ':queue:' .. name end

-- Whether an execution of this job is about to run or runs.
local function is_live(phase) return phase == 'claimed' or phase == 'running' end
