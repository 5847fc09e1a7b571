-- Take a node's workers off RQ's lists, and its lease. ARGV: P W node stamp workers…
-- with: keys
local node, stamp = ARGV[3], ARGV[4]
for i = 5, #ARGV do
  local key = worker_key(ARGV[i])
  local queues = call('HGET', key, 'queues')
  call('SREM', P .. ':workers', key)
  for queue in string.gmatch(queues or '', '[^,]+') do
    call('SREM', P .. ':workers:' .. queue, key)
  end
  if queues then
    call('HSET', key, 'death', stamp)
    call('EXPIRE', key, 60)
  end
  call('DEL', key .. ':executions')
end
call('SREM', W .. 'nodes', node)
call('DEL', W .. 'node:' .. node)
return 1
