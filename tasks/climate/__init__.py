"""The weather of a run: from the climate files of a site's stations, or one that was uploaded."""

from __future__ import annotations
