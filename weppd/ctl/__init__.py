"""weppdctl, the operator's program: one verb, one place; standard library, click, rich."""

from __future__ import annotations
