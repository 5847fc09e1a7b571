-- A node has said all that it runs: it has met this server, and may claim here.
-- ARGV: P W node server, then the executions that it answers for.
-- Returns {{eid, jid, queue, hash}, …}: what is entered for it beside these.
-- with: keys
local node, server = ARGV[3], ARGV[4]
call('HSET', W .. 'node:' .. node, 'server', server)

-- Claims wait only for nodes that may still have something to say.
local all = true
for _, name in ipairs(call('SMEMBERS', W .. 'nodes')) do
  all = all and call('HGET', W .. 'node:' .. name, 'server') == server
end
if all then call('DEL', W .. 'settle') end

local known = {}
for i = 5, #ARGV do known[ARGV[i]] = true end
local strays = {}
local live = call('HGETALL', W .. 'live:' .. node)
for i = 1, #live, 2 do
  local jid, eid = live[i], live[i + 1]
  local own = call('HMGET', exec_key(jid), 'eid', 'phase', 'queue')
  local hash = call('HGETALL', job_key(jid))
  if not known[eid] and own[1] == eid and is_live(own[2]) and #hash > 0 then
    strays[#strays + 1] = {eid, jid, own[3], hash}
  end
end
return strays
