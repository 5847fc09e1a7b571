"""What a site has on its own disks for runs to be made of: maps of classes, and tables of them."""

from __future__ import annotations
