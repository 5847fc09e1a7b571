"""Around the core: what brings events in, carries effects out, and keeps the daemon alive."""

from __future__ import annotations
