-- The nodes and their leases. ARGV: P W. Returns {{name, seq, hold, running}, …}.
-- with: keys
local found = {}
for _, name in ipairs(call('SMEMBERS', W .. 'nodes')) do
  local seen = call('HMGET', W .. 'node:' .. name, 'seq', 'hold')
  local running = call('HLEN', W .. 'live:' .. name)
  found[#found + 1] = {name, seen[1] or '', seen[2] or '0', running}
end
return found
