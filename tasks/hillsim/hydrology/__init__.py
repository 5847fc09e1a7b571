"""hillsim's water: rain, snow, frost, infiltration, runoff, what soil and plants take."""

from __future__ import annotations
