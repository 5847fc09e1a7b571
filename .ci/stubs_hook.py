"""Hatch's build hook: what is generated goes into the wheel beside the modules that it is of.

The stubs that `make stubs` generated, and hillsim compiled (see native.py). Without stubs the wheel
is built all the same, its inline types serve then; without mypyc or a C compiler too, hillsim is
interpreted then.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class StubsHook(BuildHookInterface):
    """Adds build/stubs/**/*.pyi and _native to a wheel; an editable install needs neither."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        stubs = root / "build" / "stubs"
        if version != "standard" or self.target_name != "wheel":
            return
        for stub in sorted(stubs.rglob("*.pyi")):
            build_data["force_include"][str(stub)] = str(stub.relative_to(stubs))
        native = runpy.run_path(str(root / ".ci" / "native.py"))["ready"]()
        for made in native:
            build_data["force_include"][str(made)] = str(made.relative_to(root))
        if native:
            build_data["pure_python"], build_data["infer_tag"] = False, True
