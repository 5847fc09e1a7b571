"""hillsim's overland flow elements: their state, and what a day does to it."""

from __future__ import annotations
