"""Zygotes and cells: the processes that run jobs; standard library only, Python 3.10 or later."""

from __future__ import annotations
