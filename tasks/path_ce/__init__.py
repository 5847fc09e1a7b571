"""Which burnt hillslopes to treat, and how, at the least cost: PATH cost-effective."""

from __future__ import annotations
