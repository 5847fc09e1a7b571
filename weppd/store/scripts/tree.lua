-- What people see of some jobs of a tree, and what hangs below each.
-- ARGV: P W jids…
-- Returns {{status, started_at, ended_at, description, meta, data, progress, reason, result,
--   exc_info, {label, child, …}}, …}. data is empty where meta names the run; result and exc_info
-- are base64, as the stream has them; of a job that is not there only the children are told.
-- with: keys
-- Whether a meta has the key runid, in whatever way it is written.
local function names_run(meta)
  for _, word in ipairs({'\5runid', '\0runid', '"runid"'}) do
    if string.find(meta, word, 1, true) then return true end
  end
  return false
end

local answers = {}
for i = 3, #ARGV do
  local jid = ARGV[i]
  local key = job_key(jid)
  local seen = call('HMGET', key, 'status', 'started_at', 'ended_at', 'description', 'meta',
    'weppd_progress', 'weppd_reason', 'created_at')
  local answer = {}
  if seen[8] then
    local meta, status, result, failure = seen[5] or '', seen[1] or '', '', ''
    if status == 'finished' or status == 'failed' or status == 'stopped' then
      local last = call('XREVRANGE', P .. ':results:' .. jid, '+', '-', 'COUNT', 1)
      local entry = last[1] and last[1][2] or {}
      for f = 1, #entry, 2 do
        if entry[f] == 'return_value' then result = entry[f + 1] end
        if entry[f] == 'exc_string' then failure = entry[f + 1] end
      end
    end
    local data = not names_run(meta) and call('HGET', key, 'data') or ''
    answer = {status, seen[2] or '', seen[3] or '', seen[4] or '', meta, data, seen[6] or '',
      seen[7] or '', result, failure}
  end
  answer[#answer + 1] = call('HGETALL', W .. 'children:' .. jid)
  answers[#answers + 1] = answer
end
return answers
