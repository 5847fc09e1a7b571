-- A node has said what it runs and how its jobs ended: it has met this server. With `waits` it
-- has yet to hear what others say of some of its jobs.
-- ARGV: P W node server waits
-- with: keys
local node, server = ARGV[3], ARGV[4]
local unheard = W .. 'unheard'
call('HSET', W .. 'node:' .. node, 'server', server)
if ARGV[5] == '1' then
  call('SADD', unheard, node)
  call('EXPIRE', unheard, 60)
else
  call('SREM', unheard, node)
end

-- Claims wait only for nodes that may still have something to say.
local all = call('SCARD', unheard) == 0
for _, name in ipairs(call('SMEMBERS', W .. 'nodes')) do
  all = all and call('HGET', W .. 'node:' .. name, 'server') == server
end
if all then call('DEL', W .. 'settle') end
return 1
