"""Which tasks this node would have: asked of the interpreter, and as the user, that jobs have.

Modules of tasks are programs of the site's. They are imported in a process that ends afterwards,
never as root where jobs are not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import weppd
from weppd.cell.launch import scrubbed
from weppd.doctor import OK, WARN, Finding
from weppd.doctor.places import Account
from weppd.settings import Settings

PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Roll:
    """The options of each task by its dotted name, and a line for each module that has none.

    `silence` is why nothing is known at all.
    """

    tasks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    silence: str = ""

    def knows(self, name: str) -> bool | None:
        """Whether `name` is a task; None where its module could not be imported."""
        if name in self.tasks:
            return True
        module = name.rpartition(".")[0]
        lost = self.silence or any(each.startswith(f"{module}: ") for each in self.problems)
        return None if lost else False

    def absent(self, name: str) -> str:
        """Why a job of that task can only fail; empty where it can do more."""
        return self.tasks.get(name, {}).get("absent") or ""

    def findings(self) -> Iterator[Finding]:
        """The modules that could not be imported, or why none could; else how many tasks."""
        if self.silence:
            todo = "mend [zygote.light] python or its rights: jobs cannot be started by it"
            yield Finding(WARN, "tasks", self.silence, todo)
        elif not self.problems:
            yield Finding(OK, "tasks", f"{len(self.tasks)} in the modules of [tasks] modules")
        for problem in self.problems:
            todo = "mend it, or take it out of [tasks] modules: its jobs fail"
            yield Finding(WARN, "tasks", problem, todo)


def call(told: Settings, account: Account) -> Roll:
    """Import the modules that `[tasks] modules` names, as jobs would."""
    light = told.zygotes["light"]
    ours = str(Path(weppd.__path__[0]).parent)
    env = scrubbed(os.environ) | dict(light.env)
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [env.get("PYTHONPATH"), ours]))
    argv = [light.python or sys.executable, "-m", "weppd.cell.registry", *told.tasks.modules]
    try:
        done = subprocess.run(
            argv, env=env, cwd="/", capture_output=True, timeout=PATIENCE_S, **_as(account)
        )
        tasks, problems = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError) as error:
        return Roll(silence=f"{argv[0]}: {error}")
    except (ValueError, IndexError):
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["nothing"]
        return Roll(silence=f"{argv[0]} said {said[-1]}")
    return Roll(tasks, tuple(problems))


def _as(account: Account) -> dict[str, Any]:
    if os.geteuid() != 0 or account.uid == 0:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": account.groups}
