-- Say `text` on a channel, and keep it in the status database for those who were away: a stream of
-- the channel's last thousand, gone when nothing was said for a week. `home` is the database to
-- come back to. Kept before it is heard, so that who hears it finds it.
local function say(home, db, channel, text)
  local key = 'weppd:said:' .. channel
  call('SELECT', db)
  call('XADD', key, 'MAXLEN', 1000, '*', 'text', text)
  call('EXPIRE', key, 604800)
  call('SELECT', home)
  call('PUBLISH', channel, text)
end
