-- Enqueue jobs that nothing can speak against: they wait for none, stand below none, have no key.
-- ARGV: P W queue stamp front | (jid own ttl n field value…)…
-- own: 1 for an id that was made for this very command: a hash of it means that it was sent twice.
-- What all such jobs have in common is written here, and so need not be sent.
-- Returns how many.
-- with: keys
local queue, stamp, front = ARGV[3], ARGV[4], ARGV[5] == '1'
local push = front and 'LPUSH' or 'RPUSH'
local at, many = 6, 0

call('SADD', P .. ':queues', queue_key(queue))
while at <= #ARGV do
  local jid, ttl, n = ARGV[at], tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local key = job_key(jid)
  if ARGV[at + 1] == '0' or call('EXISTS', key) == 0 then
    call('HSET', key, 'created_at', stamp, 'enqueued_at', stamp, 'status', 'queued', 'origin', queue,
      'success_callback_name', '', 'failure_callback_name', '', 'stopped_callback_name', '',
      'started_at', '', 'ended_at', '', 'last_heartbeat', '', 'worker_name', '', 'group_id', '',
      unpack(ARGV, at + 4, at + 3 + n))
    if ttl > 0 then call('EXPIRE', key, ttl) end
    call(push, queue_key(queue), jid)
  end
  many = many + 1
  at = at + 4 + n
end
return many
