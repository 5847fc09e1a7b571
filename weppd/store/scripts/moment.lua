-- Now, as the two ways in which moments are written: seconds, and RQ's text (UTC); nil where we may
-- not ask. Days are counted into a date as in H. Hinnant, "chrono-Compatible Low-Level Date
-- Algorithms", civil_from_days.
local function moment()
  local told = redis.pcall('TIME')
  if told.err then return nil end
  local seconds, micros = tonumber(told[1]), tonumber(told[2])
  local days, rest = math.floor(seconds / 86400), seconds % 86400
  local shifted = days + 719468
  local era = math.floor(shifted / 146097)
  local doe = shifted - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524)
    - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local month = math.floor((5 * doy + 2) / 153)
  local day = doy - math.floor((153 * month + 2) / 5) + 1
  month = month < 10 and month + 3 or month - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  local text = string.format('%04d-%02d-%02dT%02d:%02d:%02d.%06dZ', year, month, day,
    math.floor(rest / 3600), math.floor(rest / 60) % 60, rest % 60, micros)
  return string.format('%d.%06d', seconds, micros), text
end
