"""How often the kernel's out-of-memory killer struck: in our own cgroup, else at all."""

from __future__ import annotations

import os

from weppd.cell.tree import group

_FRESH_S = _STEP_S = 2.0
_known = (float("-inf"), 0)


class Watch:
    """Whether the killer struck since somebody was last known to live.

    Not since its start: what ended another job hours ago must not explain a SIGKILL of today. The
    count that is compared is that of the look before the last, for the last may have come between
    the killer's blow and the news of it.
    """

    __slots__ = ("_at", "_before", "_seen")

    def __init__(self, now: float) -> None:
        self._at = now
        self._before = self._seen = kills_before(now)

    def lives(self, now: float) -> None:
        """It lives; looked at every few seconds."""
        if now - self._at >= _STEP_S:
            self._at, self._before, self._seen = now, self._seen, kills_before(now)

    def struck(self) -> bool:
        """Somebody was ended, to all appearance this one."""
        return kills() > self._before


def kills_before(now: float) -> int:
    """The count of a moment ago: reading it for each of many short jobs would cost too much.

    `now` is seconds of a steady clock; the count is at most two of them old.
    """
    global _known
    if now - _known[0] > _FRESH_S:
        _known = (now, kills())
    return _known[1]


def kills() -> int:
    """The count of processes that the out-of-memory killer has ended."""
    for path, key in ((_events(), b"oom_kill "), ("/proc/vmstat", b"oom_kill ")):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # no cgroup v2, or a kernel without the counter
            continue
        try:
            text = b"\n" + os.read(fd, 1 << 16)
        finally:
            os.close(fd)
        _, found, rest = text.partition(b"\n" + key)
        if found:
            return int(rest.split(None, 1)[0])
    return 0


def _events() -> str:
    own = group.service()
    return f"/sys/fs/cgroup{own}/memory.events" if own and own != "/" else ""
