"""`python -m weppd.ctl` is the command `weppdctl`."""

from __future__ import annotations

from weppd.ctl.cli import main

main()
