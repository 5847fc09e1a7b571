"""The store in Redis or Valkey: lines, scripts, and what is read back."""

from __future__ import annotations
