"""What a job's tree may use, and how it is held to that."""

from __future__ import annotations
