"""The host's side: its files, zygotes, cells, control groups, and what the dead leave."""

from __future__ import annotations
