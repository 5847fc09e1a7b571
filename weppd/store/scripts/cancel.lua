-- Cancel a job that has not begun, or ask durably for one that runs.
-- ARGV: P W jid reason now stamp. Returns {state, node, eid, worker, status}.
-- with: keys
-- with: dependents
-- with: cancelling
local answer = cancel_one(ARGV[3], ARGV[4], ARGV[5], ARGV[6])
return answer
