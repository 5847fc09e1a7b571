"""hillsim's outputs as the text files that WEPP writes."""

from __future__ import annotations
