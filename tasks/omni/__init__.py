"""Scenarios of a run: the same watershed under other covers and soils, each a run of its own."""

from __future__ import annotations
