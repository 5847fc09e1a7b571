-- What this server is to a node.
-- ARGV: P W node server met era fresh_era settle_ms
-- server: its run id; met: the one that the node met last, era: the memory that it knew (or '').
-- Returns {same | new | other | emptied, era}.
-- with: keys
local node, server, met, known = ARGV[3], ARGV[4], ARGV[5], ARGV[6]

local era = call('GET', W .. 'era')
if not era then
  era = ARGV[7]
  call('SET', W .. 'era', era)
end

-- What the node met last stands in its own record, and went back in time with all the rest.
local was = call('HGET', W .. 'node:' .. node, 'server') or met
if was == '' or was == server then
  -- Whoever empties a store that goes on means it; a server that comes without its memory does not.
  if known ~= '' and known ~= era then return {'emptied', era} end
  return {was == '' and 'new' or 'same', era}
end
if call('GET', W .. 'gate') ~= server then
  call('SET', W .. 'gate', server)
  if tonumber(ARGV[8]) > 0 then call('SET', W .. 'settle', server, 'PX', ARGV[8]) end
end
return {'other', era}
