"""hillsim's cover: plants, residue, tillage, and what they do to the ground."""

from __future__ import annotations
