"""The store's twin in memory: plain dicts, and for each script the moves that it makes."""

from __future__ import annotations
