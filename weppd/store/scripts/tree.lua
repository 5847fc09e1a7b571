-- What people see of some jobs of a tree, and what hangs below each.
-- ARGV: P W jids…
-- Returns {{status, started_at, ended_at, description, meta, data, progress, reason, result,
--   exc_info, usage, {label, child, …}}, …}. data is empty where meta names the run; result and exc_info
-- are base64, as the stream has them; of a job that is not there only the children are told.
-- with: keys
-- Whether a meta has the key runid, in whatever way it is written.
local find = string.find
local function names_run(meta)
  return find(meta, '\0runid', 1, true) or find(meta, '\5runid', 1, true)
    or find(meta, '"runid"', 1, true)
end

local HAS_RESULT = {finished = true, failed = true, stopped = true}

local function last_result(jid)
  local last = call('XREVRANGE', P .. ':results:' .. jid, '+', '-', 'COUNT', 1)[1]
  local result, failure = '', ''
  local entry = last and last[2] or {}
  for f = 1, #entry, 2 do
    if entry[f] == 'return_value' then result = entry[f + 1] end
    if entry[f] == 'exc_string' then failure = entry[f + 1] end
  end
  return result, failure
end

local answers = {}
for i = 3, #ARGV do
  local jid = ARGV[i]
  local seen = call('HMGET', job_key(jid), 'status', 'started_at', 'ended_at', 'description',
    'meta', 'weppd_progress', 'weppd_reason', 'created_at', 'weppd_none',
    'weppd_usage')
  local answer = {}
  if seen[8] then
    local status, meta, data, result, failure = seen[1] or '', seen[5] or '', '', '', ''
    if HAS_RESULT[status] and not (status == 'finished' and seen[9]) then result, failure = last_result(jid) end
    if not names_run(meta) then data = call('HGET', job_key(jid), 'data') or '' end
    answer = {status, seen[2] or '', seen[3] or '', seen[4] or '', meta, data, seen[6] or '',
      seen[7] or '', result, failure, seen[10] or ''}
  end
  answer[#answer + 1] = call('HGETALL', W .. 'children:' .. jid)
  answers[#answers + 1] = answer
end
return answers
