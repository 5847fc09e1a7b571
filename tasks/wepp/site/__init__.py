"""WEPPcloud's own documents of a run, read and never written: what a run needs of them."""

from __future__ import annotations
