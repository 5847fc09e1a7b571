"""hillsim's sediment: what is detached, carried and left behind."""

from __future__ import annotations
