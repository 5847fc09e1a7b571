"""Hatch's build hook: puts the stubs that `make stubs` generated beside their modules in the wheel.

Without generated stubs the wheel is built all the same; its inline types serve then.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class StubsHook(BuildHookInterface):
    """Adds build/stubs/**/*.pyi to a wheel; an editable install has no use for them."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        stubs = Path(self.root) / "build" / "stubs"
        if version == "standard" and self.target_name == "wheel":
            for stub in sorted(stubs.rglob("*.pyi")):
                build_data["force_include"][str(stub)] = str(stub.relative_to(stubs))
