-- Take an execution from a node whose lease still stands where it was seen, under a new id: from
-- then on the old one is fenced. ARGV: P W node seq jid eid fresh by. Returns 1 if it was taken.
-- with: keys
-- with: executions
local node, seq, jid, eid, fresh, by = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
if (call('HGET', W .. 'node:' .. node, 'seq') or '') ~= seq then return 0 end
local own = call('HMGET', exec_key(jid), 'eid', 'phase', 'worker', 'queue', 'node')
if own[1] ~= eid or own[5] ~= node or not is_live(own[2]) then return 0 end
leave_execution(jid, eid, own[4], own[3], node, own[2])
call('HSET', exec_key(jid), 'eid', fresh, 'node', by)
call('HINCRBY', exec_key(jid), 'try', 1)
return 1
