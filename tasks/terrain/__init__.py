"""From an elevation model to an abstracted watershed; `README.md` says how, and after whom."""

from __future__ import annotations


class BadTerrain(Exception):
    """What cannot be fetched or delineated as it is asked; one line, that names it."""
