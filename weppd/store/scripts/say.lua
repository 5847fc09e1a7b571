-- Publish on a status channel, and keep it there. ARGV: P W home db channel text.
-- with: keys
-- with: said
say(ARGV[3], ARGV[4], ARGV[5], ARGV[6])
return 1
