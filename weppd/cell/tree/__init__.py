"""A job's process tree: who is in it, and how all of it ends."""

from __future__ import annotations
