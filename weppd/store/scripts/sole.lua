-- Keys under which one job lives at most (W unique:<key> → job); a job knows its own (weppd_unique).
local KEPT = 2592000
local OVER = {finished = true, failed = true, stopped = true, canceled = true}

-- Whether a job will still run, or runs and was not asked to end.
local function lives_on(other)
  local seen = call('HMGET', job_key(other), 'status', 'created_at')
  return seen[2] and not OVER[seen[1]] and call('EXISTS', W .. 'cancel:' .. other) == 0
end

-- The other live job that has this job's key; nil where there is none.
local function has_sole(key, jid)
  local twin = key and key ~= '' and call('GET', W .. 'unique:' .. key)
  if twin and twin ~= jid and lives_on(twin) then return twin end
end

local function take_sole(key, jid)
  if key and key ~= '' then call('SET', W .. 'unique:' .. key, jid, 'EX', KEPT) end
end
