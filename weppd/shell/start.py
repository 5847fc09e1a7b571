"""What a cell is told at a job's start: the frame, made of the ticket and the node's places."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weppd import runs
from weppd.cell.frames import head_of, pack_head
from weppd.core.schedule import Plan, Rules, Ticket
from weppd.errors import RunError
from weppd.settings import Settings

#: Payloads of more bytes stay as they came, zlib's.
UNPACKED = 1 << 16
_PLANS = 256


@dataclass(frozen=True, slots=True)
class Places:
    """Where the node keeps a job's things, and where runs are."""

    jobs: Path
    tmp: Path
    witness: Path
    roots: tuple[str, ...]
    batch_root: str
    bequests: Path = Path("bequests")

    @classmethod
    def of(cls, settings: Settings) -> Places:
        """The places that the settings name."""
        logs, state = Path(settings.daemon.log_dir), Path(settings.daemon.state_dir)
        witness = Path(settings.daemon.runtime_dir) / "witness"
        roots, batch_root = settings.run.roots, settings.run.batch_root
        tmp, bequests = state / "tmp", state / "bequests"
        return cls(logs / "jobs", tmp, witness, roots, batch_root, bequests)

    def spool(self, jid: str) -> str:
        """The file that takes the raw output of a job's tree."""
        return f"{self.jobs}/{jid}.out"

    def run_dirs(self, runid: str | None) -> list[str]:
        """Where the run of a job may be; none for a job without a run, or with a wrong id."""
        if not runid:
            return []
        try:
            return [str(path) for path in runs.candidates(runid, self.roots, self.batch_root)]
        except RunError:
            return []


class Starts:
    """Makes `start` frames. What is the same for all jobs of one plan becomes JSON once.

    Three processes write or read each word of a frame, so what says nothing (none, empty, 0, no)
    is left out.
    """

    def __init__(self, places: Places, rules: Rules) -> None:
        self._places, self._rules = places, rules
        self._shared: dict[int, tuple[Plan, str]] = {}

    def frame(self, ticket: Ticket, behind: bool = False) -> bytes:
        """The frame of a job: its header, and meta and payload as the body; FrameError if that is
        no frame. `behind`: the cell has another job."""
        job = ticket.job
        own = head_of(self._own(ticket, behind))
        text = f"{own[:-1]},{self._of_plan(ticket.plan)[1:]}"
        return pack_head(text, job.meta + _unpacked(job.data))

    def _of_plan(self, plan: Plan) -> str:
        # The plan is kept with it: so no other one comes to stand where it stood.
        found = self._shared.get(id(plan))
        if found is None:
            if len(self._shared) >= _PLANS:
                self._shared.clear()
            found = self._shared[id(plan)] = plan, head_of(self._same(plan))
        return found[1]

    def _same(self, plan: Plan) -> dict[str, Any]:
        rules = self._rules
        return _telling(
            {
                "timeout": plan.timeout,
                "on_timeout": [list(rung) for rung in rules.rungs],
                "cpus": plan.cpus or 1,
                "backend": rules.backend,
                "slots": rules.slots,
                "limits": {name: limit.value for name, limit in plan.limits.items()},
                "jobs_per_child": plan.jobs_per_child,
            }
        )

    def _own(self, ticket: Ticket, behind: bool) -> dict[str, Any]:
        """What is told of the job itself. Of a `quiet` one that is over at once nobody hears that
        it began: only of a run's job is there somebody who waits to."""
        job, places = ticket.job, self._places
        header: dict[str, Any] = {
            "kind": "start",
            "eid": ticket.eid,
            "job": job.id,
            "serializer": job.serializer,
            "runid": job.runid,
            "queue": job.queue,
            "worker": ticket.worker,
            "spool": places.spool(job.id),
            "tmp": f"{places.tmp}/{ticket.eid}",
            "place": job.place,
            "label": label_of(ticket),
            "parent": job.parent,
            "meta_len": len(job.meta),
            "behind": behind,
            "quiet": job.runid is None,
        }
        if ticket.leased:
            header["lease"] = self._rules.cell_lease
            header["witness"] = f"{places.witness}/{ticket.eid}"
        for name, callback in (
            ("on_success", job.on_success),
            ("on_failure", job.on_failure),
            ("on_stopped", job.on_stopped),
        ):
            if callback is not None:
                header[name] = [callback.function, callback.timeout]
        return _telling(header)


def _telling(words: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in words.items() if value}


def _unpacked(data: bytes) -> bytes:
    """A payload as its process reads it; one that is long there is left to that process.

    Each child would have to load the library, at the price of memory pages of its own.
    """
    if data[:1] != b"\x78" or len(data) > UNPACKED:
        return data
    engine = zlib.decompressobj()
    try:
        plain = engine.decompress(data, UNPACKED)
    except zlib.error:
        return data
    return plain if engine.eof and plain[:1] != b"\x78" else data


def label_of(ticket: Ticket) -> str:
    """The name under which people see the job in logs: its function's last word."""
    return ticket.plan.function.rpartition(".")[2] or ticket.job.id
