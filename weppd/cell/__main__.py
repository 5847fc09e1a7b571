"""`python -m weppd.cell --socket S --class NAME --cells DIR`: a zygote, started by weppd.

With `--setup stdin` it reads its setup frame there, and has done all it says when it connects.
"""

from __future__ import annotations

import os
import sys

import weppd
from weppd.cell.frames import Splitter
from weppd.cell.setup import BIND_NOW
from weppd.cell.zygote import Zygote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_OPTIONS = ("--class", "--socket", "--cells")
_SETUP = ("--setup", "stdin")
_USAGE = "usage: python -m weppd.cell --socket PATH --class NAME --cells DIR   (weppd starts it)"


def main(argv: list[str]) -> int:
    """Be a zygote; the exit code. 2 for arguments that are not as above."""
    told = tuple(argv[-2:]) == _SETUP
    argv = argv[:-2] if told else argv
    given = dict(zip(argv[::2], argv[1::2], strict=False))
    if len(argv) != 6 or set(given) != set(_OPTIONS):
        sys.stderr.write(_USAGE + "\n")
        return 2
    os.closerange(3, 1024)
    name, value = BIND_NOW
    if os.environ.get(name) == value:
        del os.environ[name]
    _put_our_packages_last()
    # What jobs print comes out line by line, in order with what they log.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    zygote = Zygote(*(given[option] for option in _OPTIONS))
    if told:
        zygote.set_up(_read_setup())
    return zygote.serve()


def _read_setup() -> dict[str, Any]:
    """The frame on stdin, which is empty from now on."""
    with open(0, "rb") as stdin:
        [(frame, _)] = Splitter().feed(stdin.read())
    os.open(os.devnull, os.O_RDONLY)  # the lowest number that is free: 0
    os.set_inheritable(0, True)
    return frame


def _put_our_packages_last() -> None:
    """Let the interpreter's own packages, such as another `tasks`, come before those beside ours.

    This package is loaded already; it came by PYTHONPATH, ahead of everything installed.
    """
    ours = os.path.dirname(weppd.__path__[0])  # noqa: PTH120 - no pathlib in a zygote
    if ours in sys.path:
        sys.path.remove(ours)
        sys.path.append(ours)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
