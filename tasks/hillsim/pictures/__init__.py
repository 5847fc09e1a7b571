"""hillsim's pictures of a hillslope and its results, for people who look."""

from __future__ import annotations
