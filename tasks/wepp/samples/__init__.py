"""Sample runs, made from nothing: for demonstrations and tests."""

from __future__ import annotations
