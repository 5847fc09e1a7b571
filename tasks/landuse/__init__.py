"""What grows on each hillslope of a run: from a map of land cover, and a table of its classes."""

from __future__ import annotations
