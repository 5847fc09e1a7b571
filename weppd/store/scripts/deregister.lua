-- Take a node's workers off RQ's lists, and its lease; with executions that go on without it the
-- lease stays, and says for how many seconds the node means to be away.
-- Where another weppd has the node's name by now, nothing is done; a home of '' is anybody's.
-- ARGV: P W node stamp hold home workers…
-- Nor is it the scheduler any more.
-- with: keys
local node, stamp, home = ARGV[3], ARGV[4], ARGV[6]
if home ~= '' and (call('HGET', W .. 'node:' .. node, 'home') or home) ~= home then return 0 end
if call('GET', W .. 'scheduler') == node then call('DEL', W .. 'scheduler') end
call('DEL', posted_key(node))
for i = 7, #ARGV do
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
if call('EXISTS', W .. 'live:' .. node) == 1 then
  call('HSET', W .. 'node:' .. node, 'state', 'away', 'hold', ARGV[5])
else
  call('SREM', W .. 'nodes', node)
  call('DEL', W .. 'node:' .. node)
  call('HDEL', W .. 'offers', node)
end
return 1
