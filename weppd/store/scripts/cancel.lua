-- Cancel a job that has not begun, or ask durably for one that runs.
-- ARGV: P W jid reason now stamp. Returns {state, node, eid, worker, status}.
-- with: keys
-- with: dependents
local jid, reason, now, stamp = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local seen = call('HMGET', job_key(jid), 'status', 'origin', 'created_at')
local own = call('HMGET', exec_key(jid), 'phase', 'node', 'eid', 'worker')
if is_live(own[1]) then
  call('SET', W .. 'cancel:' .. jid, reason, 'EX', 604800)
  return {'running', own[2], own[3], own[4], seen[1] or ''}
end
if not seen[3] then return {'unknown', '', '', '', ''} end
if seen[1] == 'finished' or FAILED[seen[1]] then return {'over', '', '', '', seen[1]} end
cancel_waiting(jid, seen[1], seen[2] or '', reason, now, stamp)
settle_dependents(jid, 'canceled', reason, now, stamp)
return {'canceled', '', '', '', 'canceled'}
