"""A job's own process: from the payload to a verdict, and what a task finds around it."""

from __future__ import annotations
