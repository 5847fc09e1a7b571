"""The store's side: trips to it, meeting it again, its other nodes."""

from __future__ import annotations
