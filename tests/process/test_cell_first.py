"""What a job's process waits for: its frame comes before all that is not needed to begin."""

from __future__ import annotations

import os

from weppd.cell.run import Run
from weppd.cell.tree import oom
from weppd.cell.tree.proctree import Tree


def test_the_kernels_count_of_kills_is_read_after_the_job_was_given(monkeypatch):
    """After a rest that takes a third of a millisecond: none of it is before the job begins; and
    a kill that comes after is told."""
    reads = []
    monkeypatch.setattr(oom, "kills", lambda: reads.append("read") or len(reads))
    monkeypatch.setattr(oom, "_known", (float("-inf"), 0))
    run = Run({"eid": "e", "job": "j"}, Tree(os.getpid()), -1, b"", 0.0)
    assert reads == []
    assert not run._oom(9)  # nothing is known of a job that was never given
    run.given(0.0)
    assert reads == ["read"]
    assert run._oom(9)
