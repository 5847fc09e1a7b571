"""What the cell's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.process.fakeweppd import FakeWeppd

ALLOW = ("celltasks.*",)


@pytest.fixture
def weppd(tmp_path):
    """A fake weppd whose zygote knows `celltasks` and has forked cell 1."""
    fake = FakeWeppd(tmp_path)
    fake.spawn(extra={"PYTHONPATH": str(Path(__file__).parent)})
    fake.set_up(modules=["celltasks"], allow=ALLOW, settings={"run": {"roots": ["/r"]}})
    fake.cell = fake.fork(1)["pid"]
    yield fake
    fake.close()
