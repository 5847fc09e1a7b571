"""Tables of the channel network's reports, one module for each kind."""

from __future__ import annotations
