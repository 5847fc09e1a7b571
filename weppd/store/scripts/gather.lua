-- Lists by keys: what a script adds or takes away in many steps, written once at its end.
local function among(lists, key)
  local found = lists[key]
  if not found then
    found = {}
    lists[key] = found
  end
  return found
end

-- In pieces, for Lua hands over some thousands of values at most.
local function write_all(command, lists)
  for key, parts in pairs(lists) do
    for at = 1, #parts, 1000 do
      call(command, key, unpack(parts, at, math.min(at + 999, #parts)))
    end
  end
end

-- What pcall caught, as a reply: servers before 7 have a text for it, which may begin with the place
-- in the script; later ones have a table.
local function failure(why)
  if type(why) == 'table' then return {err = why.err} end
  why = string.match(why, '^@[%w_]+: ?%d+: %-?(.*)$') or why
  return {err = string.match(why, '^%u+ ') and why or 'ERR ' .. why}
end
