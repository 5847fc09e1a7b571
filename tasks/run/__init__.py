"""The run directory and what a run's tasks share: its paths, its messages, the task's frame."""

from __future__ import annotations
