"""Which soil lies below each hillslope of a run, told from a map of a survey's units."""

from __future__ import annotations
