"""The node at a glance: its slots, its classes of cells, who holds limits, what is wrong."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from weppd import __version__
from weppd.core import views
from weppd.core.schedule import Rules
from weppd.core.state import State
from weppd.shell.host import handing
from weppd.shell.host.peers import Peers
from weppd.shell.host.zygotes import Zygotes
from weppd.shell.people.diary import Diary
from weppd.shell.people.shapes import local


class Glance:
    """Looks at what is here alone, so that it never waits."""

    def __init__(
        self,
        state: Callable[[], State],
        diary: Diary,
        peers: Peers,
        zygotes: Zygotes,
        rules: Rules,
    ) -> None:
        self._since = time.time()
        self._state, self._rules = state, rules
        self._diary, self._peers, self._zygotes = diary, peers, zygotes

    def node(self) -> dict[str, Any]:
        """What `weppdctl status` shows, but for the store's part."""
        state, backend = self._state(), self._backend()
        return {
            "name": self._rules.node,
            "version": __version__,
            "pid": os.getpid(),
            "mood": state.mood.value,
            "since": self._since,
            "slots": [self._slot(n) for n in sorted(state.slots)],
            "claimed": views.claimed(state),
            "zygotes": self._classes(),
            "limits": backend,
            "controllers": sorted(handing.handed_down()) if backend == "cgroup" else [],
            "problems": self._problems(backend),
        }

    def _backend(self) -> str:
        """Who holds the limits of this node's jobs, as its cells found it."""
        cells = [link.hello.get("kernel") for link in self._peers.cells.values()]
        if not cells:
            return ""
        return "cgroup" if all(cells) and self._rules.backend != "psutil" else "psutil"

    def _problems(self, backend: str) -> list[str]:
        logs = self._diary.dictation.trouble
        return [*self._of_limits(backend), *([f"logs: {logs}"] if logs else [])]

    def _of_limits(self, backend: str) -> list[str]:
        if self._rules.backend == "cgroup" and backend == "psutil":
            return [
                'limits.backend is "cgroup", but no control group is delegated to weppd: it'
                " holds the limits itself"
            ]
        return []

    def _slot(self, n: int) -> dict[str, Any]:
        state = self._state()
        answer = views.slot(state, n)
        entry = self._diary.entries.get(answer.get("eid") or "")
        link = self._peers.cells.get(n)
        answer |= {"name": f"{self._rules.node}.{n}", "pid": link.pid if link else None}
        if entry is not None:
            answer |= {"since": entry.since, **local(entry)}
        return answer

    def _classes(self) -> list[dict[str, Any]]:
        state = self._state()
        return [
            {
                "name": name,
                "pid": child.pid,
                "state": "ready" if name in state.ready else "starting",
                "cells": views.cells_of(state, name),
                "problems": [*filter(None, [state.broken.get(name)]), *child.problems],
            }
            for name, child in self._zygotes.classes.items()
        ]
