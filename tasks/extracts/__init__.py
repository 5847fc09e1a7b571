"""Land cover and soils of any part of a site's maps, in an archive to take along: no run has it."""

from __future__ import annotations
