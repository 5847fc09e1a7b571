"""`python -m weppd` is the command `weppd`."""

from __future__ import annotations

import sys

from weppd.daemon import main

sys.exit(main())
