"""Runs of WEPP, from a run's documents to tables: prepared, planned, simulated, told."""

from __future__ import annotations
