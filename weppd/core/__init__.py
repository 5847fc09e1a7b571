"""The decisions of weppd, pure: no clock, no file, no await."""

from __future__ import annotations
