"""Tables of the hillslopes' reports, one module for each kind."""

from __future__ import annotations
