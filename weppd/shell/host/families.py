"""The programs that weppd starts beside itself: a zygote for each class of cells, and the scribe.

What each is told: its arguments, its environment, and for a zygote its setup frame.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from weppd import settings
from weppd.cell import launch
from weppd.cell.frames import pack
from weppd.core.leases import Terms
from weppd.settings import Settings
from weppd.shell.host.spawn import Command

MARK = "WEPPD_CELLS"


def zygotes(told: Settings, generation: str) -> Iterator[tuple[str, Command, dict[str, Any]]]:
    """For each class its name, how its zygote is started, and the setup that it is given.

    `generation` tells one life of weppd from another. `MARK` in a zygote's environment tells whose
    it is what it leaves behind.
    """
    shown, runtime = settings.for_tasks(told), Path(told.daemon.runtime_dir)
    cells = str(runtime / "cells")
    for name, zygote in told.zygotes.items():
        setup: dict[str, Any] = {
            "settings": shown,
            "digest": generation,
            "preload": list(zygote.preload),
            "modules": list(told.tasks.modules),
            "alias": dict(told.tasks.alias),
            "allow": list(told.security.allow),
            "allow_types": [each.split(":") for each in told.security.allow_types],
            "jobs_per_child": zygote.jobs_per_child,
            "bequests": f"{told.daemon.state_dir}/bequests",
            "keep_s": told.node.hold_s,
        }
        argv, env = launch.command(
            zygote.python or sys.executable,
            str(runtime),
            name,
            str(socket_of(runtime)),
            cells,
            extra={**zygote.env, MARK: cells},
        )
        yield name, ([*argv, "--setup", "stdin"], env), setup


def packed(setup: Mapping[str, Any]) -> bytes:
    """A setup as a zygote reads it from its stdin."""
    return pack({"kind": "setup", **setup})


def socket_of(runtime: Path) -> Path:
    """Where zygotes, cells and the scribe connect."""
    return runtime / "cells.sock"


def scribe(told: Settings) -> Command:
    """How the scribe is started."""
    runtime = told.daemon.runtime_dir
    argv = [sys.executable, "-m", "weppd.scribe", "--socket", str(socket_of(Path(runtime)))]
    argv += ["--jobs", f"{told.daemon.log_dir}/jobs"]
    argv += ["--keep-days", str(told.scribe.keep_days)]
    argv += ["--cells", f"{runtime}/cells", "--local", f"{runtime}/witness"]
    argv += ["--witness-s", str(Terms(told.node.lease_s).witness_s)]
    argv += ["--node", told.daemon.name]
    for root in (*told.run.roots, told.run.batch_root):
        argv += ["--root", root]
    argv += ["--parent", str(os.getpid())]
    return argv, launch.scrubbed(os.environ)
