"""What a child of a cell says of its job."""

from __future__ import annotations

from weppd.cell import frames
from weppd.cell.body import child
from weppd.cell.body.frame import NOTHING


def test_report_of_most_jobs_is_what_the_encoder_would_make_of_it():
    """It is written without one."""
    report = {"kind": "report", "eid": "e1", "verdict": NOTHING, "again": False}
    assert frames.pack_head(child._ENDED % "e1") == frames.pack(report)
