"""`python -m weppd.cell --socket S --class NAME --cells DIR`: a zygote, started by weppd."""

from __future__ import annotations

import os
import sys

from weppd.cell.zygote import Zygote

_OPTIONS = ("--class", "--socket", "--cells")
_USAGE = "usage: python -m weppd.cell --socket PATH --class NAME --cells DIR   (weppd starts it)"


def main(argv: list[str]) -> int:
    """Be a zygote; the exit code. 2 for arguments that are not as above."""
    given = dict(zip(argv[::2], argv[1::2], strict=False))
    if len(argv) != 6 or set(given) != set(_OPTIONS):
        sys.stderr.write(_USAGE + "\n")
        return 2
    os.closerange(3, 1024)
    # What jobs print comes out line by line, in order with what they log.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    return Zygote(*(given[option] for option in _OPTIONS)).serve()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
