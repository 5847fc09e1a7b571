"""Whole run directories: copied under another id, put into archives, taken out of them."""

from __future__ import annotations
