"""What tests of tasks share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.recording import RecordingContext
from weppd.task import using


@pytest.fixture
def ctx(tmp_path: Path, redis_url: str) -> Iterator[RecordingContext]:
    """The context of a job whose runs are in `tmp_path/runs`; the embedded engine."""
    wepp = {"default_bin": "hillsim"}
    with using(RecordingContext(tmp_path / "runs", wepp=wepp, redis=redis_url)) as context:
        yield context


@pytest.fixture
def wd(ctx: RecordingContext, tmp_path: Path) -> Path:
    """The directory of a run called my-run, which is not there yet, inside a job."""
    return tmp_path / "runs" / "my-run"
