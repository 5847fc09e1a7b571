-- One at a time: whose turn a key is (W turn:<key>), who waits for it (W parked:<key>, a list), and
-- where each of all who wait would be (W parked: job → queue, newline, key).

-- Whether a job that was given a turn has it still: it runs, or is on its queue for that.
local function has_turn(jid)
  if is_live(call('HGET', exec_key(jid), 'phase')) then return true end
  return call('HGET', job_key(jid), 'status') == 'queued'
    and call('HEXISTS', W .. 'parked', jid) == 0
end

-- Give the turn to who waits longest, if nobody has it, or only `leaver`. Returns who has it now.
local function pass_turn(key, leaver)
  local holder = call('GET', W .. 'turn:' .. key)
  if holder and holder ~= leaver and has_turn(holder) then return holder end
  while true do
    local jid = call('LPOP', W .. 'parked:' .. key)
    if not jid then
      call('DEL', W .. 'turn:' .. key)
      return nil
    end
    -- One that was cancelled or deleted while it waited is not on the account any more, or not queued.
    if call('HDEL', W .. 'parked', jid) == 1 then
      local seen = call('HMGET', job_key(jid), 'status', 'origin', 'created_at')
      if seen[1] == 'queued' and seen[3] then
        call('SET', W .. 'turn:' .. key, jid)
        call('HDEL', job_key(jid), 'weppd_reason')
        call('SADD', P .. ':queues', queue_key(seen[2]))
        call('LPUSH', queue_key(seen[2]), jid)
        return jid
      end
    end
  end
end
