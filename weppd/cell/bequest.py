"""What a cell leaves on disk when nobody comes for its job's outcome, so that it may end.

::

    <directory>/<eid>        the frames "hello" and "over", as they would have been sent
    <directory>/<eid>.new    one being written when the machine stopped: nothing

Written, fsynced, renamed, and the directory fsynced: it outlives the host.
"""

from __future__ import annotations

import os

from weppd.cell.frames import Splitter, pack
from weppd.cell.voice import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weppd.cell.setup import Setup

    Frame = tuple[dict[str, Any], bytes]

_AGAIN_S = 60.0


class Will:
    """What the cell of slot `n`, with these facts of itself, does with outcomes when left alone."""

    def __init__(self, setup: Setup, n: int, facts: dict[str, Any]) -> None:
        self._setup = setup
        self._who = {**facts, "kind": "hello", "n": n}
        self._try_s = setup.keep_s

    def carry_out(self, ended: dict[str, Frame], away_s: float) -> bool:
        """Leave what has `ended`, by execution, and take it out there; whether any was left.

        Nothing happens until weppd was away for `keep_s`; where it fails, not again for a while.
        """
        if away_s < self._setup.keep_s:
            self._try_s = self._setup.keep_s
        if away_s < self._try_s or not ended or not self._setup.bequests:
            return False
        for eid, (header, body) in list(ended.items()):
            hello = pack({**self._who, "eid": eid, "job": header["job"]})
            try:
                leave(self._setup.bequests, eid, hello + pack(header, body))
            except OSError as error:
                self._try_s = away_s + _AGAIN_S
                say(f"weppd cell {self._who['n']}: an outcome cannot be kept on disk: {error}")
                break
            del ended[eid]
        return True


def leave(directory: str, eid: str, frames: bytes) -> None:
    """Leave these packed frames for a later weppd; OSError, and nothing left, if that cannot be."""
    path = f"{directory}/{eid}"
    new = f"{path}.new"
    try:
        with open(new, "wb") as file:
            file.write(frames)
            file.flush()
            os.fsync(file.fileno())
        os.rename(new, path)  # noqa: PTH104 - no pathlib in a zygote
    except OSError:
        if os.path.exists(new):  # noqa: PTH110
            os.unlink(new)  # noqa: PTH108
        raise
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def read(path: str) -> tuple[Frame, Frame]:
    """The hello and the outcome that a cell left; OSError, FrameError or ValueError if none are."""
    with open(path, "rb") as file:
        hello, over = Splitter().feed(file.read())
    return hello, over
