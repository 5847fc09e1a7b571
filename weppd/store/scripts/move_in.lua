-- A weppd takes a node's name; where another has it, only by force.
-- ARGV: P W node home where force
-- home: what tells this weppd's place from all others; where: the same for people.
-- Returns {taken, seq, hold, where}: the lease and the place of who has it.
-- with: keys
local key, home, where = W .. 'node:' .. ARGV[3], ARGV[4], ARGV[5]
local has = call('HMGET', key, 'home', 'seq', 'hold', 'where')
if has[1] and has[1] ~= home and ARGV[6] ~= '1' then
  return {0, has[2] or '', has[3] or '0', has[4] or ''}
end
call('HSET', key, 'home', home, 'where', where)
return {1, has[2] or '', '0', where}
