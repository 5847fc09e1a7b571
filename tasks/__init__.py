"""WEPPcloud's tasks: each `*_rq` module is a list of them, thin; the science is in packages."""

from __future__ import annotations
