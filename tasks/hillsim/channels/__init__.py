"""hillsim's channel network: what hillslopes hand over, routed to the outlet."""

from __future__ import annotations
