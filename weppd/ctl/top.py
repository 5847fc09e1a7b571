"""The verb `top`: a live screen of the node, with keys.

What a job's tree uses is read here, on the daemon's own host: see `weppd.ctl.usage`.
"""

from __future__ import annotations

import os
import select
import shutil
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import quote

import click

from weppd.ctl import screen, talk, trees
from weppd.ctl.answers import job_path
from weppd.ctl.screen import Data
from weppd.ctl.table import clean
from weppd.ctl.talk import Talk
from weppd.ctl.usage import Processes, Use, read_processes, use_of

EVERY_S = 1.0
_ON, _OFF = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_UP, _DOWN = ("\x1b[A", "k"), ("\x1b[B", "j")
_LEAVE = ("q", "\x03", "\x04")


@talk.verb
def top(ctl: Talk) -> None:
    """Show the node live: slots, queues, each job's CPU, memory, progress.

    Keys: up and down choose a job, c cancels it, l shows its log, t the tree of its run, q quits.
    With --json one line for each second.
    """
    if ctl.as_json or not sys.stdin.isatty() or not sys.stdout.isatty():
        if not ctl.as_json:
            raise click.UsageError("top needs a terminal; --json prints a line for each second")
        ctl.watch(True, lambda: ctl.show(ctl.ask("GET", "/v1/status"), str))
        return
    with _terminal() as key:
        _Top(ctl, key).run()


@contextmanager
def _terminal() -> Iterator[Callable[[float], str]]:
    """The terminal without echo and in its other screen; a function that waits for a key."""
    place = sys.stdin.fileno()
    before = termios.tcgetattr(place)

    def key(within_s: float) -> str:
        if not select.select([place], [], [], within_s)[0]:
            return ""
        return os.read(place, 16).decode("utf-8", "replace")

    try:
        tty.setcbreak(place)
        sys.stdout.write(_ON)
        yield key
    except KeyboardInterrupt:
        return
    finally:
        sys.stdout.write(_OFF)
        sys.stdout.flush()
        termios.tcsetattr(place, termios.TCSADRAIN, before)


class _Top:
    def __init__(self, ctl: Talk, key: Callable[[float], str]) -> None:
        self._ctl, self._key = ctl, key
        self._chosen = ""
        self._before: tuple[float, Processes] = (0.0, {})

    def run(self) -> None:
        while True:
            status = self._ctl.ask("GET", "/v1/status")
            slots = screen.busy(status)
            names = [slot["name"] for slot in slots]
            at = names.index(self._chosen) if self._chosen in names else 0
            self._draw(partial(self._screen, status, at))
            pressed = self._key(EVERY_S)
            if pressed in _LEAVE:
                return
            if not slots:
                continue
            step = (pressed in _DOWN) - (pressed in _UP)
            self._chosen = names[max(0, min(at + step, len(names) - 1))]
            self._do(pressed, status, slots[at], at)

    def _do(
        self, pressed: str, status: Mapping[str, Any], slot: Mapping[str, Any], at: int
    ) -> None:
        job = slot["job"]
        if pressed == "c":
            question = f"cancel job {job}? y/n"
            self._draw(partial(self._screen, status, at, footer=question))
            if self._key(30.0) == "y":
                self._ctl.ask("POST", job_path(job, "/cancel"), {"wait": False})
        elif pressed == "l":
            self._page(lambda: self._log(job))
        elif pressed == "t":
            self._page(lambda: self._tree(slot["runid"] or job))

    def _screen(
        self, status: Data, at: int, width: int, height: int, footer: str = screen.HELP
    ) -> list[str]:
        uses = self._uses(screen.busy(status))
        return screen.screen(status, uses, time.time(), width, height, at, footer, talk.paint())

    def _uses(self, slots: Iterable[Mapping[str, Any]]) -> dict[str, Use]:
        then, before = self._before
        now, processes = time.monotonic(), read_processes()
        self._before = (now, processes)
        return {
            slot["name"]: use_of(slot["pid"], processes, before, now - then)
            for slot in slots
            if slot["pid"]
        }

    def _page(self, text: Callable[[], str]) -> None:
        """Another page, drawn anew every second, until a key."""
        while True:
            self._draw(lambda w, h: [*text().splitlines()[-(h - 1) :], "any key goes back"])
            if self._key(EVERY_S):
                return

    def _log(self, job: str) -> str:
        with self._ctl.failing():
            raw = b"".join(self._ctl.client.stream(job_path(job, "/log")))
        lines = raw.decode("utf-8", "replace").splitlines()[-200:]
        return "\n".join(clean(line) for line in lines)

    def _tree(self, name: str) -> str:
        data = self._ctl.ask("GET", f"/v1/tree/{quote(name, safe='')}")
        return trees.tree(data, time.time(), talk.width(), talk.paint())

    def _draw(self, lines: Callable[[int, int], list[str]]) -> None:
        width, height = shutil.get_terminal_size()
        text = "\x1b[K\r\n".join(lines(width, height)[:height])
        sys.stdout.write(f"\x1b[H{text}\x1b[K\x1b[J")
        sys.stdout.flush()
