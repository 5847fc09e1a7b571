-- Move scheduled jobs whose time has come to their queues. One node does so: who has the lease, which
-- is for `lease` ms from each call on, by this server's clock alone; nobody else's call does anything.
-- ARGV: P W now stamp most node lease. Returns how many were moved.
-- with: keys
-- with: dependents
local now, stamp, left = ARGV[3], ARGV[4], tonumber(ARGV[5])
local moved = 0
local scheduler = call('GET', W .. 'scheduler')
if scheduler and scheduler ~= ARGV[6] then return 0 end
call('SET', W .. 'scheduler', ARGV[6], 'PX', ARGV[7])
for _, key in ipairs(call('SMEMBERS', P .. ':queues')) do
  local queue = string.sub(key, #P + 8)
  local registry = P .. ':scheduled:' .. queue
  for _, jid in ipairs(call('ZRANGEBYSCORE', registry, '-inf', now, 'LIMIT', 0, left)) do
    call('ZREM', registry, jid)
    local seen = call('HMGET', job_key(jid), 'status', 'created_at', 'enqueue_at_front')
    if seen[2] and seen[1] ~= 'canceled' then
      push(jid, queue, seen[3] == '1', stamp)
      moved = moved + 1
    end
    left = left - 1
  end
end
return moved
