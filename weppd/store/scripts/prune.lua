-- Take canceled jobs off a queue: those named, or those in a window that is counted from the tail,
-- for claims shorten the head meanwhile. Emptied places go when all windows are done: claims and
-- RQ's workers pass over them.
-- ARGV: P W queue offset most last jids…   Returns the queue's length.
-- with: keys
local key = queue_key(ARGV[3])
local offset, most = tonumber(ARGV[4]), tonumber(ARGV[5])
for i = 7, #ARGV do call('LREM', key, 0, ARGV[i]) end
if most > 0 then
  local members = call('LRANGE', key, -offset - most, -offset - 1)
  local length = call('LLEN', key)
  local first = math.max(length - offset - most, 0)
  for i, jid in ipairs(members) do
    if call('HGET', job_key(jid), 'status') == 'canceled' then call('LSET', key, first + i - 1, '') end
  end
end
if ARGV[6] == '1' then call('LREM', key, 0, '') end
return call('LLEN', key)
