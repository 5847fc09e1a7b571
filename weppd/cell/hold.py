"""What a cell has besides the job that runs: ends that weppd has not acknowledged, and short jobs
that it was given ahead, which run after this one, one by one.

::

    start ──behind a job──► behind ──its turn──► the cell's run ──► over ──ack──► forgotten
                              ├── cancelled: over, of which nothing was run
                              └── the job before it is slow: back to weppd
"""

from __future__ import annotations

from weppd.cell.run import not_begun

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weppd.cell.run import Run

_TOLD = ("queue", "worker", "runid", "label", "place", "parent")
#: Bytes of ids that may wait behind a job: a cell's file names them all.
ROOM = 2500


class Hold:
    """`over`: outcomes with their bytes, `behind`: `start` frames with theirs; by execution."""

    __slots__ = ("behind", "over")

    def __init__(self) -> None:
        self.over: dict[str, tuple[dict[str, Any], bytes]] = {}
        self.behind: dict[str, tuple[dict[str, Any], bytes]] = {}

    def __bool__(self) -> bool:
        return bool(self.over or self.behind)

    def __contains__(self, eid: object) -> bool:
        return eid in self.over or eid in self.behind

    def is_full(self) -> bool:
        """Whether what is here is more than a cell's file can name."""
        frames = (*self.over.values(), *self.behind.values())
        return sum(len(header["job"]) + 40 for header, _ in frames) > ROOM

    def keep(self, over: tuple[dict[str, Any], bytes]) -> tuple[dict[str, Any], bytes]:
        """Keep an end until it is acknowledged; it says how many `more` come soon."""
        over[0]["more"] = len(self.behind)
        self.over[over[0]["eid"]] = over
        return over

    def next(self) -> tuple[dict[str, Any], bytes] | None:
        """Take the job whose turn it is."""
        if not self.behind:
            return None
        return self.behind.pop(next(iter(self.behind)))

    def give_back(self, eids: list[str]) -> None:
        """Forget these jobs, which wait here: they will not run."""
        for eid in eids:
            del self.behind[eid]

    def cancel(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        """The end of a job that waits here, which a `cancel` frame names; None if none does."""
        waits = self.behind.pop(asked["eid"], None)
        if waits is None:
            return None
        frame = not_begun(waits[0], asked.get("reason", ""))
        frame["asked"] = asked.get("asked", "cancel")
        self.over[frame["eid"]] = frame, b""
        return frame

    def hello(self, run: Run | None) -> dict[str, Any]:
        """What a cell says it has; in front what runs, else an end.

        `of` is what its start said of the job that runs, for a weppd whose store knows nothing.
        """
        if run is None:
            return {**self.names(run), "phase": "over" if self.over else "idle"}
        of = {name: run.start[name] for name in _TOLD if run.start.get(name)}
        return {**self.names(run), "phase": "ending" if run.disturbed else "running", "of": of}

    def names(self, run: Run | None) -> dict[str, Any]:
        """What runs, else an end, as `eid` and `job`; all else as pairs of them: `over` what was
        run, `behind` what was not."""
        frames = [header for header, _ in self.over.values()]
        first = next((header for header in frames if run is None and header["pid"]), {})
        names: dict[str, Any] = {
            "eid": run.eid if run is not None else first.get("eid"),
            "job": run.job if run is not None else first.get("job"),
        }
        frames += [header for header, _ in self.behind.values()]
        for header in frames:
            if header is first:
                continue
            word = "over" if header.get("pid") else "behind"
            names.setdefault(word, []).append([header["eid"], header["job"]])
        return names
