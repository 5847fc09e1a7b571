-- A node has said what it runs and how its jobs ended: it has met this server.
-- ARGV: P W node server
-- with: keys
local node, server = ARGV[3], ARGV[4]
call('HSET', W .. 'node:' .. node, 'server', server)
call('DEL', posted_key(node))

-- Claims wait only for nodes that may still have something to say.
local all = true
for _, name in ipairs(call('SMEMBERS', W .. 'nodes')) do
  all = all and call('HGET', W .. 'node:' .. name, 'server') == server
end
if all then call('DEL', W .. 'settle') end
return 1
