-- Cancel some jobs of a tree, and say what hangs below each.
-- ARGV: P W root reason now stamp jids…   root: the tree's top, closed to new jobs first; or ''
-- Returns {{state, node, eid, worker, status, meta, {children…}, {dependents canceled…}, queue}, …}:
-- meta is empty where it names no children; queue is where a canceled job stands until `prune`.
-- with: keys
-- with: dependents
-- with: cancelling
local root, reason, now, stamp = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if root ~= '' then call('SET', W .. 'closed:' .. root, reason, 'EX', 3600) end
local answers = {}
for i = 7, #ARGV do
  local jid = ARGV[i]
  local answer, also, queue = cancel_one(jid, reason, now, stamp, true)
  local meta = call('HGET', job_key(jid), 'meta') or ''
  answer[6] = string.find(meta, 'jobs:', 1, true) and meta or ''
  answer[7] = call('HVALS', W .. 'children:' .. jid)
  answer[8] = also
  answer[9] = queue or ''
  answers[#answers + 1] = answer
end
return answers
