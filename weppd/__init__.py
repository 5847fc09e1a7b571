"""weppd: the supervisor daemon that runs WEPPcloud's jobs on one host."""

from __future__ import annotations

__version__ = "0.1.0"
