-- The locks that a job holds: W held:<jid>, `<database>:<key>` → `<database of the jobs>:<token>`.
-- The locks themselves stand where all programs of WEPPcloud look for them.
local function held_key(jid) return W .. 'held:' .. jid end

local function halves(text)
  local at = string.find(text, ':', 1, true)
  return string.sub(text, 1, at - 1), string.sub(text, at + 1)
end

-- What stands at a key of the database that is selected, as text and as a table; others may have
-- put anything there.
local function lock_at(key)
  local raw = redis.pcall('GET', key)
  if type(raw) ~= 'string' then return nil, {} end
  local good, lock = pcall(cjson.decode, raw)
  return raw, good and type(lock) == 'table' and lock or {}
end

local function let_go(db, key, home, token)
  call('SELECT', db)
  local _, lock = lock_at(key)
  local ours = lock.token == token
  if ours then call('DEL', key) end
  call('SELECT', home)
  return ours
end

local function let_go_of_all(jid)
  local held = call('HGETALL', held_key(jid))
  for i = 1, #held, 2 do
    local db, key = halves(held[i])
    let_go(db, key, halves(held[i + 1]))
  end
  if #held > 0 then call('DEL', held_key(jid)) end
end

local function renew_all(jid, now)
  local held = call('HGETALL', held_key(jid))
  for i = 1, #held, 2 do
    local db, key = halves(held[i])
    local home, token = halves(held[i + 1])
    call('SELECT', db)
    local _, lock = lock_at(key)
    local ours = lock.token == token
    if ours then
      lock.expires_at = tonumber(now) + lock.ttl
      call('SET', key, cjson.encode(lock), 'EX', lock.ttl)
    end
    call('SELECT', home)
    if not ours then call('HDEL', held_key(jid), held[i]) end
  end
end
