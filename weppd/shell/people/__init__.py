"""What people are told: jobs, trees, events, numbers, locks."""

from __future__ import annotations
