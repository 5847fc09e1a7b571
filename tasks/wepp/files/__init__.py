"""WEPP's text files, in and out; they know nothing of runs or jobs."""

from __future__ import annotations
